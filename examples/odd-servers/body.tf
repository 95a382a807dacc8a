variable "key_secret" {
  type      = string
  ephemeral = true
}

# Only this body is sent. The response is {"data":{"access_token":"…"}}.
provider "oauth2cc" {
  token_endpoint             = "https://auth.example.com/oauth/token"
  token_endpoint_auth_method = "none"
}

ephemeral "oauth2cc_token" "api" {
  request_body = jsonencode({
    token = {
      key_id     = "app-1"
      key_secret = var.key_secret
    }
  })
  response_fields = {
    access_token = "/data/access_token"
  }
}
