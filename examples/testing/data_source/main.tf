provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

data "oauth2cc_request" "order" {
  url = "https://api.example.com/orders/1"
}

output "item" {
  value     = data.oauth2cc_request.order.response.item
  sensitive = true
}
