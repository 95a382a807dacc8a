provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

data "oauth2cc_token" "api" {
  scopes = ["api:read"]
}

data "http" "orders" {
  url = "https://api.example.com/orders"
  request_headers = {
    Accept        = "application/json"
    Authorization = data.oauth2cc_token.api.authorization_header
  }

  lifecycle {
    postcondition {
      condition     = self.status_code == 200
      error_message = "The API returned ${self.status_code}."
    }
  }
}

output "orders" {
  value = jsondecode(data.http.orders.response_body)
}
