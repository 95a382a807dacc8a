terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# The vendor takes base64 of client_id:client_secret as they are. Other than with
# the default encoding, the id may then have any character but a colon.
provider "oauth2cc" {
  token_endpoint               = "${var.url}/oauth/v2/token"
  client_id                    = var.client_id
  client_secret                = var.client_secret
  token_endpoint_auth_method   = "client_secret_basic"
  client_secret_basic_encoding = "raw"
}

# A 401 is answered with one new token. A 403 ends the run at once: it is about
# the account's permissions, and no other token would help.
data "oauth2cc_request" "api" {
  url = var.api_url
}

output "answer" {
  value     = data.oauth2cc_request.api.response
  sensitive = true
}
