// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// An API that accepts JWT access tokens of one issuer which are bound to the client's
// certificate (RFC 8705 section 3) or to a key (RFC 9449 section 7). Proofs need a nonce of
// its own, each of which is good for two requests.

import crypto from 'node:crypto';

import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';

export function api(path, { issuer, audience, key }) {
  const tokenKey = crypto.createPublicKey(key);
  const seen = new Set();
  const nonces = new Map(); // how often each may still be used

  async function verify(ctx) {
    const [scheme, token] = ctx.get('authorization').split(' ');
    const { payload: claims } = await jwtVerify(token, tokenKey, { issuer, audience, typ: 'at+jwt' });
    if (scheme === 'Bearer') {
      const certificate = ctx.socket.getPeerX509Certificate?.();
      if (!certificate || claims.cnf?.['x5t#S256'] !== crypto.hash('sha256', certificate.raw, 'base64url')) throw new Error('invalid_token');
      return claims;
    }
    if (scheme !== 'DPoP') throw new Error('invalid_token');
    const proof = await jwtVerify(ctx.get('dpop'), EmbeddedJWK, { typ: 'dpop+jwt', maxTokenAge: '1 minute', requiredClaims: ['jti'] });
    const { jti, htm, htu, ath, nonce: given } = proof.payload;
    if (!nonces.get(given)) {
      const nonce = crypto.randomUUID();
      nonces.set(nonce, 2);
      ctx.set('dpop-nonce', nonce);
      throw new Error('use_dpop_nonce');
    }
    nonces.set(given, nonces.get(given) - 1);
    const checks = {
      htm: htm === ctx.method,
      htu: htu === `https://${ctx.host}${ctx.path}`,
      ath: ath === crypto.hash('sha256', token, 'base64url'),
      jkt: claims.cnf.jkt === await calculateJwkThumbprint(proof.protectedHeader.jwk),
      jti: !seen.has(jti),
    };
    const failed = Object.keys(checks).filter((name) => !checks[name]);
    if (failed.length > 0) throw new Error(`invalid_dpop_proof", error_description="${failed}`);
    seen.add(jti);
    return claims;
  }

  return async (ctx, next) => {
    if (ctx.path !== path) return next();
    try {
      const claims = await verify(ctx);
      ctx.body = { client_id: claims.client_id, scope: claims.scope };
    } catch (refusal) {
      ctx.status = 401;
      ctx.set('www-authenticate', `Bearer realm="api", DPoP error="${refusal.message}"`);
      ctx.body = {};
    }
  };
}
