terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc", version = "~> 0.1" }
    helm     = { source = "hashicorp/helm", version = "~> 3.0" }
  }
}

provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_proxy" "cluster" {
  url   = "https://cluster.example.com"
  token = { audience = "kubernetes" }
  https = true # the provider sends no token without TLS
}

provider "helm" {
  kubernetes = {
    host                   = ephemeral.oauth2cc_proxy.cluster.local_url
    token                  = ephemeral.oauth2cc_proxy.cluster.access_token
    cluster_ca_certificate = ephemeral.oauth2cc_proxy.cluster.ca_certificate
  }
}

resource "helm_release" "ingress" {
  name       = "ingress"
  repository = "https://kubernetes.github.io/ingress-nginx"
  chart      = "ingress-nginx"
  version    = "4.13.0"
}
