provider "oauth2cc" {
  issuer = "https://auth.example.com"
  scopes = ["api:read"]
}

# The response is stored in the state, the token is not.
data "oauth2cc_request" "orders" {
  url = "https://api.example.com/orders"
}

output "client" {
  value = nonsensitive(data.oauth2cc_request.orders.response.client_id)
}
