variable "client_key" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  tls = {
    ca_certificate     = file("${path.module}/ca.pem")
    client_certificate = file("${path.module}/client.pem")
    client_key         = var.client_key
  }
}

ephemeral "oauth2cc_token" "api" {}

# The certificate is presented here too: the API requires it if the token is bound to it.
ephemeral "oauth2cc_request" "orders" {
  url = "https://api.example.com/orders"
}
