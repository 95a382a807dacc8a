variable "client_id" {
  description = "Client ID of the service account."
  type        = string
}

variable "client_secret" {
  description = "Its secret. Set TF_VAR_client_secret: it is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "token_endpoint" {
  type    = string
  default = "https://id.neuroflash.com/oauth/v2/token"
}

variable "api_url" {
  type    = string
  default = "https://app.neuroflash.com"
}
