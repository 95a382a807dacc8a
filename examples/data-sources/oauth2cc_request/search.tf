provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# An API that wants its question in a body, and a token with another scope than
# the provider's. There being no such order is no error here.
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
