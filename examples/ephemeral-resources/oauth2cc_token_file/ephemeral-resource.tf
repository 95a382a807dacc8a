provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_token_file" "api" {
  scopes = ["api:read"]
}

resource "terraform_data" "export" {
  provisioner "local-exec" {
    environment = {
      TOKEN_FILE = ephemeral.oauth2cc_token_file.api.path
    }
    # Reads the file for each call, however long the loop takes.
    command = <<-EOT
      for page in 1 2 3; do
        { printf 'Authorization: Bearer '; cat "$TOKEN_FILE"; } |
          curl --fail --silent --show-error --header @- https://api.example.com/orders/$page
      done
    EOT
  }
}
