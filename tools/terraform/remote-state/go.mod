// Some state backends of Terraform are modules of their own that only Terraform's
// repository has. These stand in for them.
module github.com/hashicorp/terraform/internal/backend/remote-state

go 1.26.0
