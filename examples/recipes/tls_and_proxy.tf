provider "oauth2cc" {
  issuer = "https://auth.example.com"

  tls = {
    ca_certificate = file("${path.module}/ca.pem")
  }
  proxy_url = "http://proxy.example.com:3128"
  timeout   = "10s"
}

ephemeral "oauth2cc_token" "api" {}
