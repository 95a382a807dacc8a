provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# The API expects the query in a body, and a token with another scope than the
# provider's. An order that does not exist is not an error.
data "oauth2cc_request" "order" {
  url                   = "https://api.example.com/orders"
  method                = "POST"
  request_body          = jsonencode({ number = "A-17" })
  expected_status_codes = [404]

  token = {
    scopes = ["api:read"]
  }
}

output "found" {
  value = data.oauth2cc_request.order.status_code == 200
}
