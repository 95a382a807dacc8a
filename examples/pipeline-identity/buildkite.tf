provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  federated_assertion = {
    command = ["buildkite-agent", "oidc", "request-token", "--audience", "api://deploy"]
  }
}

ephemeral "oauth2cc_token" "api" {}
