provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# Reads the key at plan, and creates a new one at apply.
ephemeral "oauth2cc_request" "key" {
  url    = "https://api.example.com/keys/deploy"
  method = terraform.applying ? "POST" : "GET"
}
