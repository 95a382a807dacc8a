variable "client_id" {
  description = "The client ID that you chose."
  type        = string
}

variable "client_secret" {
  description = "Its secret. Set TF_VAR_client_secret: it is in neither plan nor state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "url" {
  description = "Base URL of the vendor. Its documentation gives only the path of the token endpoint."
  type        = string
}

variable "api_url" {
  description = "URL to call with the token."
  type        = string
}
