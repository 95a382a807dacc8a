provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# Something that must have happened before the server knows the client.
resource "terraform_data" "registration" {
  provisioner "local-exec" {
    command = "sh register-client.sh"
  }
}

# The id is unknown until the resource is there, and so long Terraform waits.
ephemeral "oauth2cc_token" "api" {
  triggers = terraform_data.registration.id
}
