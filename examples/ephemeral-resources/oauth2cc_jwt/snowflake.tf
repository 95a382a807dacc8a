variable "private_key" {
  type      = string
  ephemeral = true
}

variable "public_key_fp" {
  type        = string
  description = "RSA_PUBLIC_KEY_FP in the output of DESCRIBE USER: SHA256:…"
}

locals {
  snowflake_user = "MYORG-MYACCOUNT.DEPLOY" # in upper case
}

ephemeral "oauth2cc_jwt" "snowflake" {
  private_key = var.private_key
  lifetime    = "10m" # up to an hour
  claims = jsonencode({
    iss = "${local.snowflake_user}.${var.public_key_fp}"
    sub = local.snowflake_user
  })
}

ephemeral "oauth2cc_request" "statement" {
  url          = "https://myorg-myaccount.snowflakecomputing.com/api/v2/statements"
  method       = "POST"
  authenticate = false
  request_headers = {
    Authorization                        = ephemeral.oauth2cc_jwt.snowflake.authorization_header
    X-Snowflake-Authorization-Token-Type = "KEYPAIR_JWT"
    Accept                               = "application/json"
  }
  request_body = jsonencode({ statement = "SELECT CURRENT_USER()", timeout = 60 })
}
