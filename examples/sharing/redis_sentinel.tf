provider "oauth2cc" {
  token_endpoint = "https://auth.example.com/token"
  client_id      = "pipeline"
  client_secret  = var.client_secret

  cache = {
    type = "redis"
    url  = var.redis_url # rediss+sentinel://oauth2cc:password@sentinel-1.example.com:26379,sentinel-2.example.com:26379/mymaster
  }
}

variable "client_secret" {
  type      = string
  ephemeral = true
}

variable "redis_url" {
  type      = string
  ephemeral = true
}

ephemeral "oauth2cc_token" "api" {
  scopes = ["orders.read"]
}
