provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    file = "/var/run/secrets/tokens/oauth2cc"
  }
}

ephemeral "oauth2cc_token" "api" {}
