// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode/utf8"
)

// ClientSecretBasic authenticates with HTTP Basic (RFC 6749 §2.3.1).
const ClientSecretBasic = "client_secret_basic"

type clientSecretBasic struct{}

func (clientSecretBasic) carrier() carrier     { return authorizationHeader{} }
func (clientSecretBasic) suits(c Client) error { return needsSecret(c) }

// authorizationHeader carries credentials in the header of that name.
type authorizationHeader struct{}

func (authorizationHeader) presented(q *request) bool {
	return len(q.header.Values("Authorization")) > 0
}

// identify reads the id in both encodings, since which one applies depends on
// the client it names.
func (authorizationHeader) identify(q *request, clients *registry) (Client, error) {
	pair, err := basicPair(q)
	if err != nil {
		return Client{}, err
	}
	for _, encoding := range []string{FormEncoding, RawEncoding} {
		id, _, err := splitBasic(pair, encoding)
		if err != nil {
			continue
		}
		if c, ok := clients.find(id); ok && c.BasicEncoding == encoding {
			return c, nil
		}
	}
	return Client{}, refuse(invalidClient, "unknown client, or its credentials are not encoded as registered")
}

func (clientSecretBasic) verify(_ *Server, q *request, c Client) error {
	pair, err := basicPair(q)
	if err != nil {
		return err
	}
	id, secret, err := splitBasic(pair, c.BasicEncoding)
	if err != nil {
		return err
	}
	// A client_id beside Basic is no second method, as long as it agrees.
	if q.parameters.Has("client_id") && q.get("client_id") != id {
		return refuse(invalidRequest, "client_id contradicts the Authorization header")
	}
	return verifySecret(secret, c.Secret)
}

// basicPair is what the Authorization header holds in base64 (RFC 7617 §2).
func basicPair(q *request) (string, error) {
	headers := q.header.Values("Authorization")
	if len(headers) != 1 {
		return "", refuse(invalidRequest, "the Authorization header is repeated")
	}
	scheme, encoded, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", refuse(invalidClient, "the authentication scheme must be Basic")
	}
	pair, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", refuse(invalidClient, "the Basic credentials are not base64")
	}
	return string(pair), nil
}

// splitBasic divides at the first colon and undoes the encoding.
func splitBasic(pair, encoding string) (id, secret string, err error) {
	id, secret, ok := strings.Cut(pair, ":")
	if !ok {
		return "", "", refuse(invalidClient, "the Basic credentials have no colon")
	}
	if encoding == RawEncoding {
		return id, secret, nil
	}
	if id, err = formDecode(id); err != nil {
		return "", "", err
	}
	secret, err = formDecode(secret)
	return id, secret, err
}

// formDecode undoes application/x-www-form-urlencoded (RFC 6749 appendix B). It
// takes no character that the encoding would have replaced: a client that sends
// those as they are has not encoded at all and would fail on the next "%".
func formDecode(encoded string) (string, error) {
	unencoded := func(r rune) bool {
		alphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !alphanumeric && !strings.ContainsRune("-._~*+%", r)
	}
	decoded, err := url.QueryUnescape(encoded)
	if err != nil || strings.ContainsFunc(encoded, unencoded) || !utf8.ValidString(decoded) {
		return "", refuse(invalidClient, "the Basic credentials are not form-encoded")
	}
	return decoded, nil
}
