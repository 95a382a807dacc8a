# A custom grant with a custom parameter. The client authenticates as usual, with the
# ID and the secret in the environment.
provider "oauth2cc" {
  token_endpoint = "https://auth.example.com/token"
  grant_type     = "account_credentials"
  parameters     = { account_id = "A-17" }
}

ephemeral "oauth2cc_token" "api" {}
