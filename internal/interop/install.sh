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

# Debian 12 has Valkey among its backports only, which the machine's own sources may not
# list. What it depends on came with Redis.
if ! command -v valkey-server >/dev/null; then
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
  apt=$(mktemp -d)
  chmod 755 "$apt"
  mkdir -p "$apt/lists/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" >"$apt/sources.list"
  printf '%s "%s";\n' Dir::Etc::SourceList "$apt/sources.list" Dir::Etc::SourceParts /dev/null \
    Dir::State::Lists "$apt/lists" >"$apt/apt.conf"
  APT_CONFIG=$apt/apt.conf ../../scripts/apt-install.sh 'valkey-server=8.0.*' ||
    echo 'Valkey cannot be installed: its tests are skipped' >&2
  rm -rf "$apt"
fi

cd oidc-provider
# The copied lock file marks a finished installation.
if ! cmp -s package-lock.json node_modules/.interop-lock; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.interop-lock
fi
