variable "private_key" {
  type      = string
  ephemeral = true
}

# The integration key signs on behalf of a user who has consented.
provider "oauth2cc" {
  token_endpoint             = "https://account-d.docusign.com/oauth/token"
  token_endpoint_auth_method = "none"
  grant_type                 = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  signed_assertion = {
    private_key = var.private_key
    audience    = "account-d.docusign.com"
    claims = jsonencode({
      iss   = "7c2b8d7e-83c3-4940-af5e-cda8a50dd73f" # the integration key
      sub   = "2e00b1e6-6a3b-4f9f-8d0e-1a7bd4a5c8aa" # the user's ID
      scope = "signature impersonation"
    })
  }
}

ephemeral "oauth2cc_token" "docusign" {}
