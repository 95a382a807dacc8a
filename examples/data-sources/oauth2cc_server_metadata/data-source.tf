provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

data "oauth2cc_server_metadata" "this" {}

output "jwks_uri" {
  value = data.oauth2cc_server_metadata.this.jwks_uri
}
