variable "private_key" {
  type      = string
  ephemeral = true
}

# The connected app signs on behalf of a user that is pre-authorized for it.
provider "oauth2cc" {
  token_endpoint             = "https://login.salesforce.com/services/oauth2/token"
  token_endpoint_auth_method = "none"
  grant_type                 = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  default_expires_in         = 900
  signed_assertion = {
    private_key = var.private_key
    audience    = "https://login.salesforce.com"
    claims = jsonencode({
      iss = "3MVG9exampleConsumerKey"
      sub = "deploy@example.com"
    })
  }
}

ephemeral "oauth2cc_token" "salesforce" {}

# The response contains the instance's URL.
ephemeral "oauth2cc_request" "limits" {
  url          = "${ephemeral.oauth2cc_token.salesforce.response.instance_url}/services/data/v64.0/limits"
  authenticate = false
  request_headers = {
    Authorization = ephemeral.oauth2cc_token.salesforce.authorization_header
  }
}
