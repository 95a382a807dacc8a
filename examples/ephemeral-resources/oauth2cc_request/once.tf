provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# At plan this only looks; at apply it asks for a new key.
ephemeral "oauth2cc_request" "key" {
  url    = "https://api.example.com/keys/deploy"
  method = terraform.applying ? "POST" : "GET"
}
