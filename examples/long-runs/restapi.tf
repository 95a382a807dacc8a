terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc", version = "~> 0.1" }
    restapi  = { source = "Mastercard/restapi" }
  }
}

provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_proxy" "api" {
  url   = "https://api.example.com"
  token = { scopes = ["orders:write"] }
}

provider "restapi" {
  uri     = ephemeral.oauth2cc_proxy.api.local_url
  headers = { Authorization = ephemeral.oauth2cc_proxy.api.authorization_header }
}

resource "restapi_object" "order" {
  path = "/orders"
  data = jsonencode({ id = "1", item = "chair" })
}
