provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_proxy" "orders" {
  url = "https://api.example.com"
}

resource "terraform_data" "order" {
  provisioner "local-exec" {
    command     = "curl --fail \"$ORDERS/orders\""
    environment = { ORDERS = ephemeral.oauth2cc_proxy.orders.capability_url }
  }
}
