# `make demo` applies this. It sets the variables, and needs no `terraform init`:
# nothing is downloaded.

terraform {
  required_version = ">= 1.10"
  required_providers {
    oauth2cc = {
      source  = "oauth2cc/oauth2cc"
      version = "~> 0.1"
    }
    restapi = {
      source = "Mastercard/restapi"
    }
  }
}

variable "issuer" {
  description = "The authorization server."
  type        = string
}

variable "api" {
  description = "The API that accepts its tokens."
  type        = string
}

variable "http_get" {
  description = "A program that calls a URL with the header $AUTHORIZATION, such as curl."
  type        = list(string)
}

# The client's ID and secret come from OAUTH2CC_CLIENT_ID and OAUTH2CC_CLIENT_SECRET.
provider "oauth2cc" {
  issuer = var.issuer
  scopes = ["api:read"]
}

locals {
  calls = toset(["customers", "invoices", "orders"])
}

# Three tokens with equal inputs make one token request. They are not stored.
ephemeral "oauth2cc_token" "call" {
  for_each = local.calls
}

# Three consumers: provisioners with the token in their environment.
resource "terraform_data" "call" {
  for_each = local.calls

  provisioner "local-exec" {
    interpreter = var.http_get
    command     = "${var.api}/${each.key}"
    environment = {
      AUTHORIZATION = ephemeral.oauth2cc_token.call[each.key].authorization_header
    }
  }
}

# A client whose tokens last two seconds.
provider "oauth2cc" {
  alias     = "short"
  issuer    = var.issuer
  client_id = "demo-short"
}

# A proxy on this machine, which puts a valid token on every call.
ephemeral "oauth2cc_proxy" "orders" {
  provider = oauth2cc.short
  url      = var.api
}

# Another provider, here a stand-in. It is configured once, and makes calls for ten
# seconds.
provider "restapi" {
  uri     = ephemeral.oauth2cc_proxy.orders.local_url
  headers = { Authorization = ephemeral.oauth2cc_proxy.orders.authorization_header }
}

resource "restapi_object" "order" {
  path = "/orders"
  data = jsonencode({ id = "1" })
}

# For consumers that do not accept ephemeral values. This token is stored in the state.
data "oauth2cc_token" "stored" {
  scopes = ["reports:read"]
}

output "claims" {
  value = data.oauth2cc_token.stored.claims
}

output "expires_at" {
  value = data.oauth2cc_token.stored.expires_at
}
