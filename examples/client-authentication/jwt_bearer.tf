variable "private_key" {
  type      = string
  ephemeral = true
}

# The platform's JWT is the grant, and the client authenticates with its key.
provider "oauth2cc" {
  issuer              = "https://auth.example.com"
  client_id           = "deploy"
  grant_type          = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  federated_assertion = { file = "/var/run/secrets/tokens/oauth2cc" }
  signed_assertion    = { private_key = var.private_key }
}

ephemeral "oauth2cc_token" "api" {}
