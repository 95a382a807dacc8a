variable "github_app_key" {
  type      = string
  ephemeral = true
}

# The JWT of a GitHub App, which GitHub accepts for up to ten minutes.
ephemeral "oauth2cc_jwt" "app" {
  private_key = var.github_app_key
  lifetime    = "5m"
  claims      = jsonencode({ iss = "Iv23liExampleClientId" })
}

# A token of an installation, limited to one repository.
ephemeral "oauth2cc_request" "installation" {
  url          = "https://api.github.com/app/installations/1234567/access_tokens"
  method       = "POST"
  authenticate = false
  request_headers = {
    Authorization        = ephemeral.oauth2cc_jwt.app.authorization_header
    Accept               = "application/vnd.github+json"
    X-GitHub-Api-Version = "2022-11-28"
  }
  request_body = jsonencode({
    repositories = ["shop"]
    permissions  = { contents = "read" }
  })
}

ephemeral "oauth2cc_request" "repositories" {
  url          = "https://api.github.com/installation/repositories"
  authenticate = false
  request_headers = {
    Authorization = "Bearer ${ephemeral.oauth2cc_request.installation.response.token}"
    Accept        = "application/vnd.github+json"
  }
}
