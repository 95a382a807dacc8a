terraform {
  required_providers {
    restapi = { source = "Mastercard/restapi" }
  }
}

variable "item" {
  type = string
}

resource "restapi_object" "order" {
  path = "/orders"
  data = jsonencode({ id = "1", item = var.item })
}

output "item" {
  value = jsondecode(restapi_object.order.data).item
}
