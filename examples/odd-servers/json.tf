variable "access_key" {
  type      = string
  ephemeral = true
}

# The body is {"clientId":"app-1","accessKey":"…"}, without grant_type. The response is
# {"data":{"token":"…","expires":"2030-01-31T10:00:00Z"}}.
provider "oauth2cc" {
  token_endpoint             = "https://auth.example.com/auth/external"
  token_endpoint_auth_method = "none"
  grant_type                 = ""
  parameters_in              = "json"
  parameters = {
    clientId  = "app-1"
    accessKey = var.access_key
  }
  response_fields = {
    access_token = "/data/token"
    expires_at   = "/data/expires"
  }
}

ephemeral "oauth2cc_token" "api" {}
