# An action takes no ephemeral values: what it is given is in a saved plan, though
# not in the state. Treat the plan file as a secret.
variable "user_access_token" {
  description = "Token of the user who grants the permissions, best given as TF_VAR_user_access_token."
  type        = string
  sensitive   = true
}

variable "app_id" {
  type = string
}

variable "app_key" {
  type      = string
  sensitive = true
}

variable "state" {
  description = "A random text, another one for each run."
  type        = string
}

variable "redirect_uri" {
  description = "Where Neucron sends the user after the grant."
  type        = string
}

variable "permissions" {
  description = "The further permissions to ask for."
  type        = list(string)
}

variable "url" {
  type    = string
  default = "https://neucron.io"
}
