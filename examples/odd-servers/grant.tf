# A grant of the server's own, with a parameter of its own. The client authenticates
# as always: here with the id and the secret in the environment.
provider "oauth2cc" {
  token_endpoint = "https://auth.example.com/token"
  grant_type     = "account_credentials"
  parameters     = { account_id = "A-17" }
}

ephemeral "oauth2cc_token" "api" {}
