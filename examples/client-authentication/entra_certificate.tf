variable "private_key" {
  type      = string
  ephemeral = true
}

provider "oauth2cc" {
  token_endpoint = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
  client_id      = "00001111-aaaa-2222-bbbb-3333cccc4444"
  scopes         = ["https://graph.microsoft.com/.default"]
  signed_assertion = {
    private_key = var.private_key
    certificate = file("${path.module}/client.pem")
    algorithm   = "PS256"
  }
}

ephemeral "oauth2cc_token" "graph" {}
