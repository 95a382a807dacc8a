# Set TF_VAR_private_key="$(cat client.key)", or use file("client.key") instead.
variable "private_key" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  issuer    = "https://auth.example.com"
  client_id = "deploy"
  signed_assertion = {
    private_key = var.private_key
    key_id      = "deploy-1"
  }
}

ephemeral "oauth2cc_token" "api" {}
