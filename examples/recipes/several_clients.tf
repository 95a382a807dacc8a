variable "client_secrets" {
  description = "Secret of each client, by client ID."
  type        = map(string)
  ephemeral   = true
}

locals {
  clients = {
    billing = ["invoices:read", "invoices:write"]
    reports = ["orders:read"]
  }
}

provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# Use ephemeral.oauth2cc_token.client["billing"].access_token, and so on.
ephemeral "oauth2cc_token" "client" {
  for_each = local.clients

  client_id     = each.key
  client_secret = var.client_secrets[each.key]
  scopes        = each.value
}
