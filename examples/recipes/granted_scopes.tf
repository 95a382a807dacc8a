provider "oauth2cc" {
  issuer = "https://auth.example.com"
  scopes = ["orders:read", "orders:write"]
}

ephemeral "oauth2cc_token" "api" {}

# A server may grant fewer scopes than requested.
resource "terraform_data" "order" {
  provisioner "local-exec" {
    command = "sh place-order.sh"
    environment = {
      AUTHORIZATION = ephemeral.oauth2cc_token.api.authorization_header
    }
  }

  lifecycle {
    precondition {
      condition     = contains(ephemeral.oauth2cc_token.api.scopes, "orders:write")
      error_message = "The server did not grant orders:write."
    }
  }
}
