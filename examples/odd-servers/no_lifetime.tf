# The response has no lifetime, and the token is not a JWT. With an assumed lifetime of
# ten minutes, it is shared, and expires_at is known.
provider "oauth2cc" {
  issuer             = "https://auth.example.com"
  default_expires_in = 600
}

ephemeral "oauth2cc_token" "api" {}
