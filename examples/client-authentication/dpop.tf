variable "client_secret" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  issuer                   = "https://auth.example.com"
  client_id                = "deploy"
  client_secret            = var.client_secret
  dpop_bound_access_tokens = true
}

# The request has a proof. Without the key, the token is of no use.
ephemeral "oauth2cc_request" "orders" {
  url = "https://api.example.com/orders"
}
