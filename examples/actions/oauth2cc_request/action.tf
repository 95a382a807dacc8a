provider "oauth2cc" {
  issuer = "https://auth.example.com"
  scopes = ["deploy:announce"]
}

# Sent after each change of the release, and on request:
#
#   terraform apply -invoke=action.oauth2cc_request.announce
action "oauth2cc_request" "announce" {
  config {
    url          = "https://api.example.com/announcements"
    method       = "POST"
    request_body = jsonencode({ release = terraform_data.release.input })
  }
}

resource "terraform_data" "release" {
  input = "1.4.2"

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.oauth2cc_request.announce]
    }
  }
}
