variable "secret" {
  type      = string
  ephemeral = true
}

# GET with everything in the query. An error is a 200 with {"errcode":40013,"errmsg":"…"}.
provider "oauth2cc" {
  token_endpoint             = "https://auth.example.com/cgi-bin/token"
  token_endpoint_auth_method = "none"
  grant_type                 = "client_credential"
  method                     = "GET"
  parameters_in              = "query"
  parameters = {
    appid  = "app-1"
    secret = var.secret
  }
  response_fields = {
    error             = "/errcode"
    error_description = "/errmsg"
  }
}

ephemeral "oauth2cc_token" "api" {}
