terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# 1. The user's token is exchanged for a code, which is good for one use.
ephemeral "oauth2cc_request" "authorize" {
  depends_on = [ephemeral.oauth2cc_request.grant]

  url          = "${var.url}/oauth/authorize"
  method       = "POST"
  authenticate = false
  request_headers = {
    Authorization = "Bearer ${var.user_access_token}"
  }
  request_body = jsonencode({
    token = {
      app_id       = var.app_id
      app_key      = var.app_key
      state        = var.state
      redirect_uri = var.redirect_uri
      permissions  = join(",", var.permissions)
    }
  })
}

# 2. The code is exchanged for a token. Neither request nor response follows RFC 6749:
# the body is sent verbatim, and response_fields maps the response.
ephemeral "oauth2cc_token" "app" {
  token_endpoint             = "${var.url}/oauth/token"
  token_endpoint_auth_method = "none"
  request_body = jsonencode({
    token = {
      auth_code  = ephemeral.oauth2cc_request.authorize.response.data.code
      key_id     = var.key_id
      key_secret = var.key_secret
    }
  })
  response_fields = {
    access_token = "/data/access_token"
  }
}

# 3. The token is used at the API.
ephemeral "oauth2cc_request" "api" {
  url          = var.api_url
  authenticate = false
  request_headers = {
    Authorization = ephemeral.oauth2cc_token.app.authorization_header
  }
}
