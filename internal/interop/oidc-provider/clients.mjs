// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// The registered clients, as RFC 7591 writes them.

import crypto from 'node:crypto';
import fs from 'node:fs';

const secret = 'a-long-secret-for-HS256-0123456789abcdef';

// What each of the characters that encodings treat differently becomes in transit.
const special = ' :+/%&=~!';

function register(client) {
  return {
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'api:read api:write',
    ...client,
  };
}

// publicKeys reads every *.pub of a directory, in PEM. A key's id is its file's name.
function publicKeys(directory) {
  return fs.readdirSync(directory).filter((name) => name.endsWith('.pub')).map((name) => ({
    ...crypto.createPublicKey(fs.readFileSync(`${directory}/${name}`)).export({ format: 'jwk' }),
    kid: name.replace(/\.pub$/, ''),
    use: 'sig',
  }));
}

function certificateKey(file) {
  const certificate = new crypto.X509Certificate(fs.readFileSync(file));
  return { ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] };
}

export function clients(pki) {
  return [
    { client_id: 'basic', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    { client_id: `id${special}`, client_secret: `secret${special}`, token_endpoint_auth_method: 'client_secret_basic' },
    { client_id: 'post', client_secret: `secret${special}`, token_endpoint_auth_method: 'client_secret_post' },
    { client_id: 'secret-jwt', client_secret: secret, token_endpoint_auth_method: 'client_secret_jwt' },
    { client_id: 'key-jwt', jwks: { keys: publicKeys(`${pki}/keys`) }, token_endpoint_auth_method: 'private_key_jwt' },
    {
      client_id: 'tls',
      tls_client_auth_san_dns: 'client.example.com',
      tls_client_certificate_bound_access_tokens: true,
      token_endpoint_auth_method: 'tls_client_auth',
    },
    {
      client_id: 'self-signed-tls',
      jwks: { keys: [certificateKey(`${pki}/self-signed.crt`)] },
      tls_client_certificate_bound_access_tokens: true,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
    },
    { client_id: 'public', token_endpoint_auth_method: 'none' },
    // Clients that one test each has to itself.
    { client_id: 'refused', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    { client_id: 'short-lived', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    {
      client_id: 'dpop',
      client_secret: secret,
      dpop_bound_access_tokens: true,
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      client_id: 'dpop-key-jwt',
      jwks: { keys: publicKeys(`${pki}/keys`) },
      dpop_bound_access_tokens: true,
      token_endpoint_auth_method: 'private_key_jwt',
    },
    {
      client_id: 'dpop-tls',
      tls_client_auth_san_dns: 'client.example.com',
      dpop_bound_access_tokens: true,
      token_endpoint_auth_method: 'tls_client_auth',
    },
    // Asks about other clients' tokens.
    { client_id: 'inspector', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
  ].map(register);
}
