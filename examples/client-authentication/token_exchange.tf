# The client authenticates as usual, and exchanges the subject token for another.
provider "oauth2cc" {
  issuer     = "https://auth.example.com"
  grant_type = "urn:ietf:params:oauth:grant-type:token-exchange"
  scopes     = ["api:read"]
  parameters = {
    subject_token      = trimspace(file("/var/run/secrets/tokens/oauth2cc"))
    subject_token_type = "urn:ietf:params:oauth:token-type:jwt"
  }
}

ephemeral "oauth2cc_token" "api" {}
