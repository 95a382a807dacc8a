provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# X-Shopify-Access-Token: <token>
ephemeral "oauth2cc_request" "shop" {
  url = "https://api.example.com/admin/api/2026-01/shop.json"

  token_header = {
    name   = "X-Shopify-Access-Token"
    scheme = ""
  }
}
