# The JSON key of a service account.
variable "google_key" {
  type      = string
  ephemeral = true
}

locals {
  google_key = jsondecode(var.google_key)
}

# There is no client: the service account signs the grant, and the scope is a claim.
provider "oauth2cc" {
  token_endpoint             = "https://oauth2.googleapis.com/token"
  token_endpoint_auth_method = "none"
  grant_type                 = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  signed_assertion = {
    private_key = local.google_key.private_key
    key_id      = local.google_key.private_key_id
    claims = jsonencode({
      iss   = local.google_key.client_email
      sub   = null # or the Workspace user to impersonate
      scope = "https://www.googleapis.com/auth/cloud-platform.read-only"
    })
  }
}

ephemeral "oauth2cc_token" "google" {}
