#!/usr/bin/env bash
# Copyright (c) The oauth2cc Authors
# SPDX-License-Identifier: MPL-2.0
#
# Renders the provider's documentation into a directory of the repository. The
# schema comes from the CLI at hand, so that nothing is downloaded.
#
# usage: PROVIDER_DIR=… TERRAFORM=… TFPLUGINDOCS=… generate-docs.sh DIRECTORY

set -euo pipefail

cd "$(dirname "$0")/.."
output=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

source=registry.terraform.io/oauth2cc/oauth2cc

cat >"$scratch/cli.tfrc" <<EOF
provider_installation {
  dev_overrides {
    "$source" = "$PROVIDER_DIR"
  }
  direct {}
}
EOF

cat >"$scratch/main.tf" <<EOF
terraform {
  required_providers {
    oauth2cc = {
      source = "$source"
    }
  }
}
EOF

# tfplugindocs looks for the short name or for one in hashicorp's namespace.
TF_CLI_CONFIG_FILE=$scratch/cli.tfrc "$TERRAFORM" -chdir="$scratch" providers schema -json \
  | sed "s|\"$source\":|\"oauth2cc\":|" >"$scratch/schema.json"

"$TFPLUGINDOCS" generate \
  --provider-name oauth2cc \
  --rendered-provider-name oauth2cc \
  --providers-schema "$scratch/schema.json" \
  --rendered-website-dir "$output"
