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

release=$(. /etc/os-release 2>/dev/null && echo "$ID $VERSION_ID" || true)
if [[ $release != 'debian 12' ]] || { [[ $EUID -ne 0 ]] && ! sudo -n true 2>/dev/null; }; then
  echo 'no redis-server or valkey-server on PATH: the tests that need one are skipped'
  exit 0
fi

"$(dirname "$0")/apt-install.sh" 'redis-server=5:7.0.*'
