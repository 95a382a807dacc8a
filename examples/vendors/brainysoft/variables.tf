variable "customer_key" {
  description = "First part of the authorization service's host name."
  type        = string
}

variable "client_id" {
  description = "Login of the ClientApp."
  type        = string
}

variable "client_secret" {
  description = "Its password. Set TF_VAR_client_secret: it is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "parameters_in" {
  description = "Where the credentials are sent: query or form. Servers and proxies may log a query."
  type        = string
  default     = "form"

  validation {
    condition     = contains(["form", "query"], var.parameters_in)
    error_message = "Brainysoft accepts query or form."
  }
}

variable "auth_url" {
  description = "URL of the authorization service, with {customer-key} in place of customer_key."
  type        = string
  default     = "https://{customer-key}-auth.brainysoft.ru"
}

variable "api_url" {
  description = "URL to call with the token."
  type        = string
}
