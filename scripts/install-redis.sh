#!/usr/bin/env bash
# Copyright (c) The oauth2cc Authors
# SPDX-License-Identifier: MPL-2.0
#
# Installs the server that tests of the shared cache run against, if there is none
# and this is Debian 12, where its version is known. Elsewhere the tests that need
# a server are skipped.

set -euo pipefail

for server in redis-server valkey-server; do
  if command -v "$server" >/dev/null; then
    exit 0
  fi
done

as_root=()
[[ $EUID -eq 0 ]] || as_root=(sudo -n)

release=$(. /etc/os-release 2>/dev/null && echo "$ID $VERSION_ID" || true)
if [[ $release != 'debian 12' ]] || ! "${as_root[@]}" true 2>/dev/null; then
  echo 'no redis-server or valkey-server on PATH: the tests that need one are skipped'
  exit 0
fi

# The tests run servers of their own: the package's service must not start.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

echo 'installing redis-server'
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends 'redis-server=5:7.0.*' >/dev/null
