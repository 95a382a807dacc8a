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

# A session of this run alone. The refresh token keeps it alive for as long as the
# run takes, and it is ended with the run.
ephemeral "oauth2cc_token" "session" {
  keep_alive      = true
  revoke_on_close = true
}

# The session's own token goes along, so the provider's is not asked for.
ephemeral "oauth2cc_request" "api" {
  url          = var.api_url
  authenticate = false
  request_headers = {
    Authorization = ephemeral.oauth2cc_token.session.authorization_header
  }
}
