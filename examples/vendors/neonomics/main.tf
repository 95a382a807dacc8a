terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

provider "oauth2cc" {
  token_endpoint             = "${var.realm_url}/token"
  revocation_endpoint        = "${var.realm_url}/revoke"
  client_id                  = var.client_id
  client_secret              = var.client_secret
  token_endpoint_auth_method = "client_secret_post"
}

# A session for this run only. It is refreshed while the run lasts, and revoked at its
# end.
ephemeral "oauth2cc_token" "session" {
  keep_alive      = true
  revoke_on_close = true
}

# Uses the session's token instead of requesting another.
ephemeral "oauth2cc_request" "api" {
  url          = var.api_url
  authenticate = false
  request_headers = {
    Authorization = ephemeral.oauth2cc_token.session.authorization_header
  }
}
