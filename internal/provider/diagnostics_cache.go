// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"syscall"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// encryptionKeyMissing is for a client without a secret to encrypt its tokens with.
func encryptionKeyMissing() diag.DiagnosticWithPath {
	return diag.NewAttributeErrorDiagnostic(path.Root("cache").AtName("encryption_key"), "Missing attribute cache.encryption_key",
		encryptionKeyRemedy)
}

const encryptionKeyRemedy = "A shared cache is encrypted with the client's secret or private key, and this client has none. " +
	"Set encryption_key in cache to random text, the same for all runs that share the cache: openssl rand -base64 32 makes one."

// cacheWarning is for a cache that cannot be used. Tokens are requested without it.
func cacheWarning(err error) diag.Diagnostic {
	found := finding{facts: []string{sentence(err.Error())}, remedy: cacheRemedy(err)}
	if !errors.Is(err, tokencache.ErrDamaged) && !errors.Is(err, tokencache.ErrLocked) { // these two leave it in use
		found.facts = append(found.facts, "Tokens are requested from the server and shared only within this process.")
	}
	return diag.NewWarningDiagnostic("The token cache is unavailable", found.detail())
}

// cacheRemedy says what to do about a cache that cannot be used.
func cacheRemedy(err error) string {
	switch {
	case errors.Is(err, tokencache.ErrDamaged):
		return "A new token was requested and replaces the entry. If this happens again, something else writes to the cache: " +
			"clear it, and use a separate path or Redis user."
	case errors.Is(err, tokencache.ErrLocked):
		return "A token was requested without waiting any longer. Another run has not finished requesting the same token: " +
			"the server may be down or slow, or a terraform process hangs."
	case errors.Is(err, redisstore.ErrDenied):
		return "Check the user and password in cache.url, and that this user has the permissions listed in the guide \"Sharing tokens\"."
	case errors.Is(err, redisstore.ErrFull):
		return "The Redis server accepts no writes. Check its maxmemory, whether it is a replica, and whether it can save to its disk."
	case errors.Is(err, redisstore.ErrTLS):
		return "Check that the server speaks TLS on this port, and that its certificate is for the host in cache.url and issued by an authority " +
			"that this machine trusts or tls.ca_certificate contains."
	case errors.Is(err, redisstore.ErrUnavailable):
		return "Check the host and port in cache.url, that a Redis server runs there, and that no firewall blocks the connection."
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full. Free some space, or set cache.path to a folder on another disk."
	case errors.Is(err, context.DeadlineExceeded):
		return "The cache responds too slowly. Check its load and the network in between."
	}
	return "Set cache.path to a folder that the user running Terraform can create or write to."
}
