// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// An oidc-provider with the clients of clients.mjs. It takes one argument, a file
// with a JSON object:
//
//   port       of the endpoints that ask for no client certificate
//   mtls_port  of those that do (RFC 8705 section 5)
//   http_port  of those without TLS
//   pki        directory with server.crt, server.key, ca.crt and the clients' keys
//   methods    client authentication methods that the server supports
//
// DPoP proofs need the server's nonce. /orders is an API for tokens that are bound to a
// key, see api.mjs.
//
// Each answer is a line on standard output, in JSON: {client, from, path, status, error}.

import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { Provider, errors } from 'oidc-provider';

import { api } from './api.mjs';
import { clients } from './clients.mjs';

const config = JSON.parse(fs.readFileSync(process.argv[2]));
const pki = (name) => fs.readFileSync(`${config.pki}/${name}`);
const origin = (port) => `https://localhost:${port}`;

const signingKey = crypto.createPrivateKey(pki('server.key')).export({ format: 'jwk' });

// APIs by their resource indicator, and the format of their tokens.
const apis = {
  'https://api.example.com/': 'jwt',
  'urn:example:opaque': 'opaque',
};

function getResourceServerInfo(ctx, indicator) {
  const accessTokenFormat = apis[indicator];
  if (!accessTokenFormat) throw new errors.InvalidTarget();
  return {
    accessTokenFormat,
    audience: indicator,
    scope: 'api:read api:write',
    jwt: { sign: { alg: 'RS256' } },
  };
}

const provider = new Provider(origin(config.port), {
  clients: clients(config.pki).filter(({ token_endpoint_auth_method: m }) => config.methods.includes(m)),
  clientAuthMethods: config.methods,
  discovery: { mtls_endpoint_aliases: { token_endpoint: `${origin(config.mtls_port)}/token` } },
  enabledJWA: {
    clientAuthSigningAlgValues: [
      'HS256', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA',
    ],
    dPoPSigningAlgValues: ['PS256', 'ES256', 'EdDSA'],
  },
  jwks: { keys: [{ ...signingKey, kid: 'server', use: 'sig', alg: 'RS256' }] },
  scopes: ['api:read', 'api:write'],
  ttl: { ClientCredentials: (ctx, token, client) => (client.clientId === 'short-lived' ? 2 : 300) },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true, nonceSecret: crypto.randomBytes(32), requireNonce: () => true },
    introspection: { enabled: true },
    resourceIndicators: { enabled: true, defaultResource: () => undefined, getResourceServerInfo },
    revocation: { enabled: true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_san_dns' && ctx.socket.getPeerX509Certificate().checkHost(expected) === expected,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate?.()?.toString(),
    },
  },
});

provider.use(async (ctx, next) => {
  await next();
  const client = ctx.oidc?.entities.Client?.clientId;
  console.log(JSON.stringify({ client, from: ctx.ip, path: ctx.path, status: ctx.status, error: ctx.body?.error }));
});

provider.use(api('/orders', { issuer: origin(config.port), audience: 'https://api.example.com/', key: pki('server.key') }));

const identity = { key: pki('server.key'), cert: pki('server.crt'), ca: pki('ca.crt') };
// What is wrong with a certificate is the provider's business, not that of the handshake.
const asking = { ...identity, requestCert: true, rejectUnauthorized: false };
https.createServer(identity, provider.callback()).listen(config.port, '127.0.0.1');
https.createServer(asking, provider.callback()).listen(config.mtls_port, '127.0.0.1');
http.createServer(provider.callback()).listen(config.http_port, '127.0.0.1');
