terraform {
  required_providers {
    oauth2cc = { source = "oauth2cc/oauth2cc", version = "~> 0.1" }
    grafana  = { source = "grafana/grafana" }
  }
}

provider "oauth2cc" {
  issuer = "https://auth.example.com"
}

ephemeral "oauth2cc_proxy" "grafana" {
  url = "https://grafana.example.com"
}

provider "grafana" {
  url  = ephemeral.oauth2cc_proxy.grafana.local_url
  auth = ephemeral.oauth2cc_proxy.grafana.access_token
}

resource "grafana_folder" "team" {
  title = "Team"
}
