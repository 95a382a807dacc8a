variable "client_id" {
  description = "Client ID from the developer portal."
  type        = string
}

variable "client_secret" {
  description = "Secret ID, best given as TF_VAR_client_secret. It is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "realm_url" {
  description = "Where the endpoints of the realm are."
  type        = string
  default     = "https://sandbox.neonomics.io/auth/realms/sandbox/protocol/openid-connect"
}

variable "api_url" {
  description = "What to call with the token."
  type        = string
}
