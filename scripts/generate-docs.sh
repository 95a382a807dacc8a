#!/usr/bin/env bash
# Copyright (c) The oauth2cc Authors
# SPDX-License-Identifier: MPL-2.0
#
# Renders the provider's documentation into a directory of the repository, from
# the provider itself: nothing is downloaded, and no CLI is needed.
#
# usage: TFPLUGINDOCS=… generate-docs.sh DIRECTORY

set -euo pipefail

cd "$(dirname "$0")/.."
output=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

go run ./internal/cmd/schema >"$scratch/schema.json"

"$TFPLUGINDOCS" generate \
  --provider-name oauth2cc \
  --rendered-provider-name oauth2cc \
  --providers-schema "$scratch/schema.json" \
  --rendered-website-dir "$output"
