variable "app_store_key" {
  type        = string
  ephemeral   = true
  description = "The text of AuthKey_2X9R4HXF34.p8"
}

ephemeral "oauth2cc_jwt" "app_store" {
  private_key = var.app_store_key
  key_id      = "2X9R4HXF34"
  lifetime    = "10m" # up to 20 minutes
  claims = jsonencode({
    iss = "57246542-96fe-1a63-e053-0824d011072a"
    aud = "appstoreconnect-v1"
  })
}

ephemeral "oauth2cc_request" "apps" {
  url          = "https://api.appstoreconnect.apple.com/v1/apps"
  authenticate = false
  request_headers = {
    Authorization = ephemeral.oauth2cc_jwt.app_store.authorization_header
  }
}
