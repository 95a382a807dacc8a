// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

// ClientSecretPost authenticates with client_id and client_secret among the
// parameters (RFC 6749 §2.3.1).
const ClientSecretPost = "client_secret_post"

type clientSecretPost struct{}

func (clientSecretPost) carrier() carrier     { return secretParameter{} }
func (clientSecretPost) suits(c Client) error { return needsSecret(c) }

func (clientSecretPost) verify(_ *Server, q *request, c Client) error {
	return verifySecret(q.get("client_secret"), c.Secret)
}

// secretParameter carries credentials in client_id and client_secret.
type secretParameter struct{}

// presented counts an empty client_secret too: beside Basic it is what servers
// take for a second method.
func (secretParameter) presented(q *request) bool {
	return q.parameters.Has("client_secret")
}

func (secretParameter) identify(q *request, clients *registry) (Client, error) {
	return byParameter(q, clients)
}
