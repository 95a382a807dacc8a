# The service connection's ID, not its name.
variable "service_connection_id" {
  type = string
}

provider "oauth2cc" {
  token_endpoint = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
  client_id      = "00001111-aaaa-2222-bbbb-3333cccc4444"
  scopes         = ["https://graph.microsoft.com/.default"]
  federated_assertion = {
    request = {
      method    = "POST"
      url_env   = "SYSTEM_OIDCREQUESTURI"
      token_env = "SYSTEM_ACCESSTOKEN"
      pointer   = "/oidcToken"
      query = {
        "api-version"       = "7.1"
        serviceConnectionId = var.service_connection_id
      }
    }
  }
}

ephemeral "oauth2cc_token" "graph" {}
