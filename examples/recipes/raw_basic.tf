provider "oauth2cc" {
  token_endpoint               = "https://auth.example.com/token"
  client_id                    = "sb-orders|app!t1"
  client_secret_basic_encoding = "raw"
}

ephemeral "oauth2cc_token" "api" {}
