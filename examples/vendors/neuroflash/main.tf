terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# The ID and the secret are sent in the form, and the scope openid is required.
provider "oauth2cc" {
  token_endpoint             = var.token_endpoint
  client_id                  = var.client_id
  client_secret              = var.client_secret
  token_endpoint_auth_method = "client_secret_post"
  scopes                     = ["openid"]
}

# The response is stored in the state, the token is not. All requests of a run share
# one token. After a 401, one new token is requested.
data "oauth2cc_request" "static_groups" {
  url = "${var.api_url}/api/digital-twin-service/v1/static-groups"
}

output "static_groups" {
  value     = data.oauth2cc_request.static_groups.response
  sensitive = true
}
