provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

resource "terraform_data" "machine" {
  input = "blue"
}

# The ID is unknown until the machine exists, so Terraform waits. In later runs, the
# request is sent at plan too.
ephemeral "oauth2cc_request" "join" {
  url          = "https://api.example.com/machines/${terraform_data.machine.id}/join"
  method       = "PUT"
  request_body = jsonencode({ name = "blue" })
}
