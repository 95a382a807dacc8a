provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  signed_assertion = {
    private_key_command = ["pkcs11-tool", "--login", "--pin", "env:HSM_PIN", "--sign", "--id", "01", "--mechanism", "SHA256-RSA-PKCS"]
    algorithm           = "RS256"
    key_id              = "deploy-1"
  }
}

ephemeral "oauth2cc_token" "api" {}
