mock_provider "oauth2cc" {
  mock_data "oauth2cc_request" {
    defaults = {
      status_code = 200
      response    = { item = "chair" }
    }
  }
}

run "item" {
  assert {
    condition     = output.item == "chair"
    error_message = "The item is ${nonsensitive(output.item)}."
  }
}
