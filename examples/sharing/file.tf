provider "oauth2cc" {
  token_endpoint = "https://auth.example.com/token"
  client_id      = "pipeline"
  client_secret  = var.client_secret

  cache = { type = "file" }
}

variable "client_secret" {
  type      = string
  ephemeral = true
}

ephemeral "oauth2cc_token" "api" {
  scopes = ["orders.read"]
}
