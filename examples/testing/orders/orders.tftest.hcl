mock_provider "restapi" {}

variables {
  item = "chair"
}

run "order" {
  assert {
    condition     = restapi_object.order.path == "/orders"
    error_message = "The order is in another place."
  }

  assert {
    condition     = output.item == "chair"
    error_message = "The order is for another item."
  }
}
