# The answer names no lifetime and the token is opaque. Ten minutes are assumed, so
# that it is shared and expires_at is known.
provider "oauth2cc" {
  issuer             = "https://auth.example.com"
  default_expires_in = 600
}

ephemeral "oauth2cc_token" "api" {}
