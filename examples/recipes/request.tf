provider "oauth2cc" {
  token_endpoint = "https://auth.example.com/token"

  # Each parameter is sent by its own name of the protocol.
  scopes     = ["orders:read", "orders:write"]
  audience   = "https://api.example.com"
  resources  = ["https://api.example.com/orders", "urn:example:invoices"]
  parameters = { tenant = "blue" }
}

# Without arguments: what the provider block says.
ephemeral "oauth2cc_token" "both" {}

# The list replaces the provider's. The map is laid over it; "" removes a parameter.
ephemeral "oauth2cc_token" "read_only" {
  scopes     = ["orders:read"]
  parameters = { tenant = "green", audience = "" }
}
