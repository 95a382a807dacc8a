provider "oauth2cc" {
  issuer = "https://auth.example.com"
  scopes = ["api:read"]
}

# Neither the response nor the token is stored.
ephemeral "oauth2cc_request" "cluster" {
  url = "https://api.example.com/clusters/blue"
}

provider "kubernetes" {
  host  = "https://cluster.example.com"
  token = ephemeral.oauth2cc_request.cluster.response.token
}

resource "kubernetes_namespace_v1" "team" {
  metadata {
    name = "team"
  }
}
