provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    request = {
      url_env   = "ACTIONS_ID_TOKEN_REQUEST_URL"
      token_env = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
      query     = { audience = "api://deploy" }
    }
  }
}

ephemeral "oauth2cc_token" "api" {}
