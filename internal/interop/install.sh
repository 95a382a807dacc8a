#!/usr/bin/env bash
# Copyright (c) The oauth2cc Authors
# SPDX-License-Identifier: MPL-2.0
#
# Installs the servers that `make interop` runs, if they are missing, in the
# versions that its tests were written for. Debian 12 has them. Installing
# packages requires root.

set -euo pipefail
cd "$(dirname "$0")"

../../scripts/install-redis.sh

packages=()
require() { # require COMMAND PACKAGE...
  PATH=$PATH:/usr/sbin command -v "$1" >/dev/null || packages+=("${@:2}")
}
require glewlwyd 'glewlwyd=2.7.5-*'
require nginx 'nginx-light=1.22.1-*'
require squid 'squid=5.7-*'
require tinyproxy 'tinyproxy-bin=1.11.1-*'
require curl curl
require sqlite3 sqlite3
require openssl openssl
require ssh-keygen openssh-client
require softhsm2-util 'softhsm2=2.6.1-*'
require pkcs11-tool 'opensc=0.23.0-*'
require node nodejs
require npm npm

if [[ ${#packages[@]} -gt 0 ]]; then
  ../../scripts/apt-install.sh "${packages[@]}"
fi

cd oidc-provider
# The copied lock file marks a finished installation.
if ! cmp -s package-lock.json node_modules/.interop-lock; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.interop-lock
fi
