provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# The client must be registered first.
resource "terraform_data" "registration" {
  provisioner "local-exec" {
    command = "sh register-client.sh"
  }
}

# The ID is unknown until the client is registered, so Terraform waits.
ephemeral "oauth2cc_token" "api" {
  triggers = terraform_data.registration.id
}
