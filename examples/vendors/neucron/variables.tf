variable "user_access_token" {
  description = "Token of the user who authorizes the app. Set TF_VAR_user_access_token."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "app_id" {
  type = string
}

variable "app_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "key_id" {
  type = string
}

variable "key_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "state" {
  description = "Random text, new for each run."
  type        = string
  ephemeral   = true
}

variable "redirect_uri" {
  type = string
}

variable "permissions" {
  type = list(string)
}

variable "url" {
  type    = string
  default = "https://neucron.io"
}

variable "api_url" {
  description = "URL to call with the token."
  type        = string
}
