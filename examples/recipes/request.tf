provider "oauth2cc" {
  token_endpoint = "https://auth.example.com/token"

  # Sent as scope, audience, resource (twice) and tenant.
  scopes     = ["orders:read", "orders:write"]
  audience   = "https://api.example.com"
  resources  = ["https://api.example.com/orders", "urn:example:invoices"]
  parameters = { tenant = "blue" }
}

# Without arguments, the provider block's apply.
ephemeral "oauth2cc_token" "both" {}

# The list replaces the provider block's. The map is merged over it; "" removes a
# parameter.
ephemeral "oauth2cc_token" "read_only" {
  scopes     = ["orders:read"]
  parameters = { tenant = "green", audience = "" }
}
