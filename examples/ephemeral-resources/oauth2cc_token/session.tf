provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# A session for this run only: refreshed while it lasts, and revoked at its end.
ephemeral "oauth2cc_token" "session" {
  keep_alive      = true
  revoke_on_close = true
}

resource "terraform_data" "call" {
  provisioner "local-exec" {
    command = "sh place-order.sh"
    environment = {
      AUTHORIZATION = ephemeral.oauth2cc_token.session.authorization_header
    }
  }
}
