terraform {
  required_providers {
    oauth2cc   = { source = "oauth2cc/oauth2cc", version = "~> 0.1" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}

provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

# In this folder, the file kubeconfig has tokenFile: cluster.token.
ephemeral "oauth2cc_token_file" "cluster" {
  audience = "kubernetes"
  path     = "${path.module}/cluster.token"
}

provider "kubernetes" {
  # Naming the file here keeps it for as long as the provider runs.
  config_path = "${dirname(ephemeral.oauth2cc_token_file.cluster.path)}/kubeconfig"
}

resource "kubernetes_namespace_v1" "team" {
  metadata {
    name = "team"
  }
}
