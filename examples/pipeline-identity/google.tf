locals {
  # The provider "github" of the pool "pipelines".
  google_audience = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pipelines/providers/github"
}

# The platform's JWT is exchanged for a token of Google. There is no client.
provider "oauth2cc" {
  token_endpoint             = "https://sts.googleapis.com/v1/token"
  token_endpoint_auth_method = "none"
  grant_type                 = "urn:ietf:params:oauth:grant-type:token-exchange"
  audience                   = local.google_audience
  scopes                     = ["https://www.googleapis.com/auth/cloud-platform"]
  parameters                 = { requested_token_type = "urn:ietf:params:oauth:token-type:access_token" }
  federated_assertion = {
    request = {
      url_env   = "ACTIONS_ID_TOKEN_REQUEST_URL"
      token_env = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
      query     = { audience = "https:${local.google_audience}" }
    }
  }
}

# That token is for impersonating a service account.
ephemeral "oauth2cc_request" "deploy" {
  url    = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/deploy@shop.iam.gserviceaccount.com:generateAccessToken"
  method = "POST"
  request_body = jsonencode({
    scope    = ["https://www.googleapis.com/auth/cloud-platform"]
    lifetime = "3600s"
  })
}

ephemeral "oauth2cc_request" "buckets" {
  url          = "https://storage.googleapis.com/storage/v1/b?project=shop"
  authenticate = false
  request_headers = {
    Authorization = "Bearer ${ephemeral.oauth2cc_request.deploy.response.accessToken}"
  }
}
