terraform {
  required_providers {
    oauth2cc = {
      source = "oauth2cc/oauth2cc"
    }
  }
}

variable "token" {
  type      = string
  sensitive = true
}

# Decoded, not verified.
output "subject" {
  value = nonsensitive(provider::oauth2cc::jwt_decode(var.token).claims.sub)
}
