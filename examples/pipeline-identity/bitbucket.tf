provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    env = "BITBUCKET_STEP_OIDC_TOKEN"
  }
}

ephemeral "oauth2cc_token" "api" {}
