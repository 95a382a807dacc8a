terraform {
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# The client's ID and secret are in OAUTH2CC_CLIENT_ID and OAUTH2CC_CLIENT_SECRET.
provider "oauth2cc" {
  issuer = "https://auth.example.com"
  scopes = ["api:read"]
}

ephemeral "oauth2cc_token" "api" {}

# Use ephemeral.oauth2cc_token.api.access_token in another provider's block, a
# provisioner's environment or a write-only argument.
