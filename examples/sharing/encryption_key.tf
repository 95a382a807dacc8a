provider "oauth2cc" {
  token_endpoint      = "https://auth.example.com/token"
  client_id           = "deploy"
  federated_assertion = { env = "OAUTH2CC_ID_TOKEN" }

  cache = {
    type           = "file"
    encryption_key = var.cache_key # openssl rand -base64 32
  }
}

variable "cache_key" {
  type      = string
  ephemeral = true
}

ephemeral "oauth2cc_token" "api" {
  scopes = ["orders.read"]
}
