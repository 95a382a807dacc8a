provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    file = "/run/identity/oauth2cc.jwt"
  }
}

ephemeral "oauth2cc_token" "api" {}
