# The client comes from OAUTH2CC_CLIENT_ID and OAUTH2CC_CLIENT_SECRET.
variables {
  issuer = "https://auth.test.example.com"
  api    = "https://api.test.example.com"
}

run "order" {
  assert {
    condition     = module.orders.item == "chair"
    error_message = "The order is for another item."
  }
}
