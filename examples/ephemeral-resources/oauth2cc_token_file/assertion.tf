# The pipeline's identity as a file, for a tool that gets tokens with it.
provider "oauth2cc" {
  federated_assertion = {
    request = {
      url_env   = "ACTIONS_ID_TOKEN_REQUEST_URL"
      token_env = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
      query     = { audience = "api://deploy" }
    }
  }
}

ephemeral "oauth2cc_token_file" "identity" {
  content = "assertion"
}

resource "terraform_data" "deploy" {
  provisioner "local-exec" {
    command = "sh deploy.sh"
    environment = {
      AZURE_FEDERATED_TOKEN_FILE = ephemeral.oauth2cc_token_file.identity.path
    }
  }
}
