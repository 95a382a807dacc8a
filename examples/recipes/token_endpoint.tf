# Set TF_VAR_client_secret. An ephemeral variable is in neither plan nor state.
variable "client_secret" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  token_endpoint             = "https://auth.example.com/token"
  client_id                  = "s6BhdRkqt3"
  client_secret              = var.client_secret
  token_endpoint_auth_method = "client_secret_post"
}

ephemeral "oauth2cc_token" "api" {}
