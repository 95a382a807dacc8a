variable "client_id" {
  description = "Client ID from the developer portal."
  type        = string
}

variable "client_secret" {
  description = "Secret ID. Set TF_VAR_client_secret: it is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "realm_url" {
  description = "Base URL of the realm's endpoints."
  type        = string
  default     = "https://sandbox.neonomics.io/auth/realms/sandbox/protocol/openid-connect"
}

variable "api_url" {
  description = "URL to call with the token."
  type        = string
}
