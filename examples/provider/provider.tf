terraform {
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# The id and the secret are in OAUTH2CC_CLIENT_ID and OAUTH2CC_CLIENT_SECRET.
provider "oauth2cc" {
  issuer = "https://auth.example.com"
  scopes = ["api:read"]
}

ephemeral "oauth2cc_token" "api" {}

# ephemeral.oauth2cc_token.api.access_token can now go into another provider's
# block, a provisioner's environment or a write-only argument.
