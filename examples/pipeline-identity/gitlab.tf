provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    env = "OAUTH2CC_ID_TOKEN"
  }
}

ephemeral "oauth2cc_token" "api" {}
