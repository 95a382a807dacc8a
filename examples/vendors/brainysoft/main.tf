terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# With parameters_in = "query" the body is empty. The provider does not log the query.
provider "oauth2cc" {
  token_endpoint             = "${replace(var.auth_url, "{customer-key}", var.customer_key)}/oauth/token"
  client_id                  = var.client_id
  client_secret              = var.client_secret
  token_endpoint_auth_method = "client_secret_post"
  parameters_in              = var.parameters_in
}

# The response is stored in the state, the token is not.
data "oauth2cc_request" "api" {
  url = var.api_url
}

output "response" {
  value     = data.oauth2cc_request.api.response
  sensitive = true
}

# The same token, for other providers and provisioners. It is valid for five minutes:
# set min_validity = "4m" if it is used late in the run.
ephemeral "oauth2cc_token" "api" {}

locals {
  # The other members of the token response are in response.
  session_id = ephemeral.oauth2cc_token.api.response.sessid
}
