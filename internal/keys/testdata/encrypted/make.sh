#!/usr/bin/env bash
# Copyright (c) The oauth2cc Authors
# SPDX-License-Identifier: MPL-2.0

# make.sh makes the keys in this directory with openssl 3 and ssh-keygen. They are for the
# tests only. The passphrase and the password of all is the one below, unless a name says
# otherwise. Iterations are few, so that tests are fast.
set -euo pipefail
cd "$(dirname "$0")"
rm -f -- *.pem *.p12 *.pub
pass='pass:pässwörd €'
cheap=(-iter 2)

openssl genrsa -out rsa.key 2048
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key
openssl genpkey -algorithm ED25519 -out ed25519.key
for key in rsa ec ed25519; do
  openssl pkey -in "$key.key" -pubout -out "$key.pub"
done

# PKCS#8, PBES2
for cipher in aes-128-cbc aes-192-cbc aes-256-cbc des3; do
  for prf in hmacWithSHA1 hmacWithSHA224 hmacWithSHA256 hmacWithSHA384 hmacWithSHA512; do
    openssl pkcs8 -topk8 -in ec.key -v2 "$cipher" -v2prf "$prf" "${cheap[@]}" -passout "$pass" -out "ec-pbkdf2-$cipher-$prf.pem"
  done
  openssl pkcs8 -topk8 -in ec.key -v2 "$cipher" -scrypt -scrypt_N 16 -scrypt_r 1 -scrypt_p 1 -passout "$pass" -out "ec-scrypt-$cipher.pem"
done
openssl pkcs8 -topk8 -in rsa.key "${cheap[@]}" -passout "$pass" -out rsa-pbkdf2.pem
openssl pkcs8 -topk8 -in ed25519.key "${cheap[@]}" -passout "$pass" -out ed25519-pbkdf2.pem
openssl pkcs8 -topk8 -in rsa.key -scrypt -passout "$pass" -out rsa-scrypt-default.pem
openssl pkey -in ec.key -aes256 -passout "$pass" -out ec-default.pem

# OpenSSL's own format, and what ssh-keygen writes
for cipher in aes128 aes192 aes256 des3; do
  openssl rsa -traditional -in rsa.key "-$cipher" -passout "$pass" -out "rsa-traditional-$cipher.pem"
  openssl ec -in ec.key "-$cipher" -passout "$pass" -out "ec-traditional-$cipher.pem"
done
openssl rsa -traditional -provider legacy -provider default -in rsa.key -des -passout "$pass" -out rsa-traditional-des.pem
for key in rsa ec; do
  for format in PEM PKCS8; do
    cp "$key.key" ssh && chmod 600 ssh
    ssh-keygen -q -p -m "$format" -P '' -N "${pass#pass:}" -f ssh
    mv ssh "$key-ssh-keygen-$format.pem"
  done
done

# what is refused
openssl pkcs8 -topk8 -in ec.key -v1 PBE-SHA1-3DES -passout "$pass" -out refused-pbe-sha1-3des.pem
openssl pkcs8 -topk8 -in ec.key -v1 PBE-MD5-DES -provider legacy -provider default -passout "$pass" -out refused-pbes1-md5-des.pem
openssl pkcs8 -topk8 -in ec.key -v2 camellia-256-cbc -passout "$pass" -out refused-camellia.pem
openssl pkcs8 -topk8 -in ec.key -v2 aes-256-cbc -iter 10000001 -passout "$pass" -out refused-iterations.pem
openssl rsa -traditional -in rsa.key -camellia256 -passout "$pass" -out refused-traditional-camellia.pem
openssl genpkey -algorithm ED448 -aes256 -pass "$pass" -out refused-ed448.pem

# PKCS#12, with an authority and its certificates
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=root -days 36500 -out ca.crt
for key in rsa ec ed25519; do
  openssl req -new -key "$key.key" -subj "/CN=$key" -out request
  openssl x509 -req -in request -CA ca.crt -CAkey ca.key -days 36500 -out "$key.crt"
done
export_p12() { # name, options
  local name=$1 && shift
  openssl pkcs12 -export -inkey rsa.key -in rsa.crt -name client -passout "$pass" -out "$name.p12" "$@"
}
export_p12 rsa-default
export_p12 rsa-legacy -legacy
for cipher in PBE-SHA1-3DES AES-128-CBC AES-192-CBC AES-256-CBC NONE; do
  for mac in sha1 sha224 sha256 sha384 sha512; do
    export_p12 "rsa-$cipher-$mac" "${cheap[@]}" -keypbe "$cipher" -certpbe "$cipher" -macalg "$mac"
  done
done
for cipher in PBE-SHA1-RC2-40 PBE-SHA1-RC2-128; do
  export_p12 "rsa-$cipher" -provider legacy -provider default "${cheap[@]}" -keypbe "$cipher" -certpbe "$cipher" -macalg sha1
done
export_p12 rsa-chain -certfile ca.crt
cat ca.crt rsa.crt >ca-first.crt
openssl pkcs12 -export -inkey rsa.key -in ca-first.crt -passout "$pass" -out rsa-ca-first.p12
for key in ec ed25519; do
  openssl pkcs12 -export -inkey "$key.key" -in "$key.crt" -passout "$pass" -out "$key-default.p12"
done
openssl pkcs12 -export -inkey rsa.key -in rsa.crt -passout pass: -out rsa-empty-password.p12
export_p12 refused-nomac -nomac
export_p12 refused-iterations -keypbe NONE -certpbe NONE -iter 10000001
openssl pkcs12 -export -nokeys -in rsa.crt -passout "$pass" -out refused-nokeys.p12
openssl pkcs12 -export -nocerts -inkey rsa.key -passout "$pass" -out refused-nocerts.p12
openssl pkcs12 -export -inkey rsa.key -in rsa.crt -keypbe camellia-256-cbc -passout "$pass" -out refused-camellia.p12
openssl pkcs12 -export -inkey rsa.key -in rsa.crt -keypbe des-ede3-cbc -certpbe aes-256-cbc "${cheap[@]}" -passout "$pass" -out refused-pbes2-des3.p12
rm -f -- *.key *.crt request
