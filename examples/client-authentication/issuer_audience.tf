variable "private_key" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  signed_assertion = {
    private_key = var.private_key
    audience    = "https://auth.example.com"
    type        = "client-authentication+jwt"
  }
}

ephemeral "oauth2cc_token" "api" {}
