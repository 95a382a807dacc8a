provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    env = "TFC_WORKLOAD_IDENTITY_TOKEN_DEPLOY"
  }
}

ephemeral "oauth2cc_token" "api" {}
