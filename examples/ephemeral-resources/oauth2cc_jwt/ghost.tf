variable "ghost_admin_api_key" {
  type        = string
  ephemeral   = true
  description = "The id and the secret, with a colon between them"
}

locals {
  ghost_key = split(":", var.ghost_admin_api_key)
}

ephemeral "oauth2cc_jwt" "ghost" {
  key_id          = local.ghost_key[0]
  secret          = local.ghost_key[1]
  secret_encoding = "hex"
  lifetime        = "5m" # and no longer
  claims          = jsonencode({ aud = "/admin/" })
}

ephemeral "oauth2cc_request" "posts" {
  url          = "https://shop.ghost.io/ghost/api/admin/posts/"
  authenticate = false
  request_headers = {
    Authorization  = "Ghost ${ephemeral.oauth2cc_jwt.ghost.jwt}"
    Accept-Version = "v5.0"
  }
}
