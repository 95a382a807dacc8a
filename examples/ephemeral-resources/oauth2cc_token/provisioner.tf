provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_token" "api" {
  scopes = ["api:read"]
}

resource "terraform_data" "call" {
  provisioner "local-exec" {
    environment = {
      AUTHORIZATION = ephemeral.oauth2cc_token.api.authorization_header
    }
    # Through standard input: curl's arguments are visible in the list of processes.
    command = <<-EOT
      printf 'Authorization: %s' "$AUTHORIZATION" |
        curl --fail --silent --show-error --header @- https://api.example.com/orders
    EOT
  }
}
