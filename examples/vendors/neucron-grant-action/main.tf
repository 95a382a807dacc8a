terraform {
  required_version = ">= 1.14"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
  }
}

# Sent after each change of the permissions, and on request:
#
#   terraform apply -invoke=action.oauth2cc_request.grant
resource "terraform_data" "permissions" {
  input = var.permissions

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.oauth2cc_request.grant]
    }
  }
}

action "oauth2cc_request" "grant" {
  config {
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
        redirect_uri = var.redirect_uri
        permissions  = join(",", var.permissions)
      }
    })
  }
}
