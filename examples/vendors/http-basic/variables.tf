variable "client_id" {
  description = "The client id that you have chosen."
  type        = string
}

variable "client_secret" {
  description = "Its secret, best given as TF_VAR_client_secret. It is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "url" {
  description = "The vendor's address; its document names only the path of the token endpoint."
  type        = string
}

variable "api_url" {
  description = "What to call with the token."
  type        = string
}
