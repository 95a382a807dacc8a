provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_token" "cluster" {
  audience     = "kubernetes"
  min_validity = "50m" # the longest run
}

provider "kubernetes" {
  host  = "https://cluster.example.com"
  token = ephemeral.oauth2cc_token.cluster.access_token
}

resource "kubernetes_namespace_v1" "team" {
  metadata {
    name = "team"
  }
}
