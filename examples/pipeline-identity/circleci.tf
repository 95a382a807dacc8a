provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    env = "CIRCLE_OIDC_TOKEN_V2"
  }
}

ephemeral "oauth2cc_token" "api" {}
