# The platform's JWT is exchanged for an access token.
provider "oauth2cc" {
  issuer                     = "https://auth.example.com"
  grant_type                 = "urn:ietf:params:oauth:grant-type:token-exchange"
  scopes                     = ["api:read"]
  federated_assertion        = { file = "/var/run/secrets/tokens/oauth2cc" }
  token_endpoint_auth_method = "client_secret_basic" # with OAUTH2CC_CLIENT_SECRET; "none" if the JWT is enough
}

ephemeral "oauth2cc_token" "api" {}
