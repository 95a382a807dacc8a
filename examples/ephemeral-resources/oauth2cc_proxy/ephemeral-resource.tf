provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_proxy" "cluster" {
  url   = "https://cluster.example.com"
  https = true # this provider sends tokens to https addresses only
  token = { audience = "kubernetes" }
}

# Each request gets a token that is valid at that moment, however long the run takes.
provider "kubernetes" {
  host                   = ephemeral.oauth2cc_proxy.cluster.local_url
  token                  = ephemeral.oauth2cc_proxy.cluster.access_token
  cluster_ca_certificate = ephemeral.oauth2cc_proxy.cluster.ca_certificate
}

resource "kubernetes_namespace_v1" "team" {
  metadata {
    name = "team"
  }
}
