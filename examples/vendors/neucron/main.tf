terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# 1. The user's token buys a code. Each code is good for one use.
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

# 2. The code buys a token. There is nothing of RFC 6749 in request or answer: the
# body is sent as it is, and response_fields says where the token is.
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

# 3. The token opens the API.
ephemeral "oauth2cc_request" "api" {
  url          = var.api_url
  authenticate = false
  request_headers = {
    Authorization = ephemeral.oauth2cc_token.app.authorization_header
  }
}
