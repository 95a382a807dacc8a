terraform {
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
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
