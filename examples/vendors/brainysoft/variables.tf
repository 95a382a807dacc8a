variable "customer_key" {
  description = "What the host of the authorization service begins with."
  type        = string
}

variable "client_id" {
  description = "The ClientApp's login."
  type        = string
}

variable "client_secret" {
  description = "Its password, best given as TF_VAR_client_secret. It is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "parameters_in" {
  description = "Where the credentials travel: query or form. In a query, servers and proxies may log them."
  type        = string
  default     = "form"

  validation {
    condition     = contains(["form", "query"], var.parameters_in)
    error_message = "Brainysoft takes its parameters in the query or in a form."
  }
}

variable "auth_url" {
  description = "Authorization service, with {customer-key} for the customer's key."
  type        = string
  default     = "https://{customer-key}-auth.brainysoft.ru"
}

variable "api_url" {
  description = "What to call with the token."
  type        = string
}
