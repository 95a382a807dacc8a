# Asks the user for further permissions before the code is asked for. An ephemeral
# resource is opened at plan and at apply, so the request is sent twice; granting
# twice is the same as granting once. With Terraform 1.14 or later the action in
# ../neucron-grant-action sends it once, and when you say.
ephemeral "oauth2cc_request" "grant" {
  count = var.grant ? 1 : 0

  url          = "${var.url}/oauth/permissions/grant"
  method       = "PATCH"
  authenticate = false
  request_headers = {
    Authorization = "Bearer ${var.user_access_token}"
  }
  request_body = jsonencode({
    permissions = {
      app_id       = var.app_id
      app_key      = var.app_key
      state        = var.state
      redirect_uri = var.grant_redirect_uri
      permissions  = join(",", var.grant_permissions)
    }
  })
}

variable "grant" {
  description = "Whether to ask for grant_permissions."
  type        = bool
  default     = false
}

variable "grant_permissions" {
  type    = list(string)
  default = []
}

variable "grant_redirect_uri" {
  description = "Where Neucron sends the user after the grant."
  type        = string
  default     = ""
}
