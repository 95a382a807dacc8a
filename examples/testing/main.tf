terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc", version = "~> 0.1" }
    restapi  = { source = "Mastercard/restapi" }
  }
}

variable "issuer" {
  default = "https://auth.example.com"
}

variable "api" {
  default = "https://api.example.com"
}

provider "oauth2cc" {
  issuer = var.issuer
}

ephemeral "oauth2cc_token" "api" {
  scopes = ["orders:write"]
}

provider "restapi" {
  uri     = var.api
  headers = { Authorization = ephemeral.oauth2cc_token.api.authorization_header }
}

module "orders" {
  source = "./orders"
  item   = "chair"
}
