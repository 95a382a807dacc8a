# Requests additional permissions from the user before the code is requested. An
# ephemeral resource is opened at plan and at apply, so the request is sent twice,
# which does no harm. With Terraform 1.14 or later, the action in
# ../neucron-grant-action sends it once.
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
  description = "Whether to request grant_permissions."
  type        = bool
  default     = false
}

variable "grant_permissions" {
  type    = list(string)
  default = []
}

variable "grant_redirect_uri" {
  description = "URL to which Neucron redirects the user after the grant."
  type        = string
  default     = ""
}
