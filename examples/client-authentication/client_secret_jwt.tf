variable "client_secret" {
  type      = string
  ephemeral = true
}

# The secret signs a JWT and is not sent.
provider "oauth2cc" {
  issuer                     = "https://auth.example.com"
  client_id                  = "deploy"
  client_secret              = var.client_secret
  token_endpoint_auth_method = "client_secret_jwt"
}

ephemeral "oauth2cc_token" "api" {}
