#!/usr/bin/env bash
# Copyright (c) The oauth2cc Authors
# SPDX-License-Identifier: MPL-2.0
#
# Runs every fuzz target of the given packages, one after the other, because
# `go test -fuzz` takes a single target of a single package. Inputs are not made
# smaller: that would take most of a short run.
#
# usage: fuzz.sh DURATION PACKAGE...

set -euo pipefail

duration=$1
shift

for package in $(go list "$@"); do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    echo "== $package $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$duration" -fuzzminimizetime 1x "$package"
  done
done
