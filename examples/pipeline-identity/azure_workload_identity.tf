provider "oauth2cc" {
  token_endpoint = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
  client_id      = "00001111-aaaa-2222-bbbb-3333cccc4444"
  scopes         = ["https://graph.microsoft.com/.default"]
  federated_assertion = {
    # The value of AZURE_FEDERATED_TOKEN_FILE.
    file = "/var/run/secrets/azure/tokens/azure-identity-token"
  }
}

ephemeral "oauth2cc_token" "graph" {}
