provider "oauth2cc" {
  token_endpoint = "https://auth.example.com/token"
  client_id      = "pipeline"
  client_secret  = var.client_secret

  cache = {
    type = "redis"
    url  = var.redis_url # rediss+cluster://oauth2cc:password@redis-1.example.com:6379,redis-2.example.com:6379
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
