variable "pkcs12_password" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  signed_assertion = {
    pkcs12          = filebase64("${path.module}/client.p12")
    pkcs12_password = var.pkcs12_password
  }
}

ephemeral "oauth2cc_token" "api" {}
