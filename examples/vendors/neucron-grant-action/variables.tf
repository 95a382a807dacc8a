# An action accepts no ephemeral values. Its configuration is stored in a saved plan,
# though not in the state: treat the plan file as a secret.
variable "user_access_token" {
  description = "Token of the user who grants the permissions. Set TF_VAR_user_access_token."
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
  description = "Random text, new for each run."
  type        = string
}

variable "redirect_uri" {
  description = "URL to which Neucron redirects the user after the grant."
  type        = string
}

variable "permissions" {
  description = "Additional permissions to request."
  type        = list(string)
}

variable "url" {
  type    = string
  default = "https://neucron.io"
}
