terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# The vendor expects base64 of client_id:client_secret, unencoded. The ID may have any
# character but a colon.
provider "oauth2cc" {
  token_endpoint               = "${var.url}/oauth/v2/token"
  client_id                    = var.client_id
  client_secret                = var.client_secret
  token_endpoint_auth_method   = "client_secret_basic"
  client_secret_basic_encoding = "raw"
}

# After a 401 the call is repeated with a new token, once. A 403 is about permissions
# and is an error at once.
data "oauth2cc_request" "api" {
  url = var.api_url
}

output "response" {
  value     = data.oauth2cc_request.api.response
  sensitive = true
}
