terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc", version = "~> 0.1" }
    azurerm  = { source = "hashicorp/azurerm", version = "~> 4.0" }
  }
}

variable "private_key" {
  type      = string
  ephemeral = true
}

locals {
  tenant_id = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
  client_id = "00001111-aaaa-2222-bbbb-3333cccc4444"
}

provider "oauth2cc" {
  client_id = local.client_id
  signed_assertion = {
    private_key = var.private_key
    certificate = file("${path.module}/client.pem")
    algorithm   = "PS256"
    audience    = "https://login.microsoftonline.com/${local.tenant_id}/oauth2/v2.0/token"
    lifetime    = "4h" # longer than the run
  }
}

ephemeral "oauth2cc_token_file" "azure" {
  content = "assertion"
}

provider "azurerm" {
  features {}
  subscription_id      = "12345678-1234-9876-4563-123456789012"
  tenant_id            = local.tenant_id
  client_id            = local.client_id
  use_oidc             = true
  oidc_token_file_path = ephemeral.oauth2cc_token_file.azure.path
}

resource "azurerm_resource_group" "team" {
  name     = "team"
  location = "westeurope"
}
