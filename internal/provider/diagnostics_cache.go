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

// encryptionKeyMissing is for a client whose tokens nothing could seal.
func encryptionKeyMissing() diag.DiagnosticWithPath {
	return diag.NewAttributeErrorDiagnostic(path.Root("cache").AtName("encryption_key"), "Missing attribute cache.encryption_key",
		encryptionKeyRemedy)
}

const encryptionKeyRemedy = "A shared cache is sealed with the client's secret or private key, and this client has none. " +
	"Set encryption_key in cache to a random text, the same for all who share the cache: openssl rand -base64 32 makes one."

// cacheWarning is for a cache that cannot be used. Tokens are had all the same.
func cacheWarning(err error) diag.Diagnostic {
	found := finding{facts: []string{sentence(err.Error())}, remedy: cacheRemedy(err)}
	if !errors.Is(err, tokencache.ErrDamaged) && !errors.Is(err, tokencache.ErrLocked) { // else it goes on being used
		found.facts = append(found.facts, "Tokens are requested from the server and shared in this process alone.")
	}
	return diag.NewWarningDiagnostic("The token cache could not be used", found.detail())
}

// cacheRemedy says what to do about a cache that cannot be used.
func cacheRemedy(err error) string {
	switch {
	case errors.Is(err, tokencache.ErrDamaged):
		return "A new token was requested, to take its place. If this comes again, something else writes into the cache: " +
			"clear it, and give it a path or a Redis user of its own."
	case errors.Is(err, tokencache.ErrLocked):
		return "A token was requested without waiting any longer. Another run is getting the same token and has not finished: " +
			"the server may be down or slow, or a terraform process hangs."
	case errors.Is(err, redisstore.ErrDenied):
		return "Check the user and the password in cache.url, and that this user has the rights that the guide \"Sharing tokens\" lists."
	case errors.Is(err, redisstore.ErrFull):
		return "The Redis server takes no writes: see its maxmemory, and whether it is a replica or cannot save to its disk."
	case errors.Is(err, redisstore.ErrTLS):
		return "Check that the server speaks TLS on this port, and that its certificate is for the host in cache.url and of an authority " +
			"that this machine trusts or tls.ca_certificate names."
	case errors.Is(err, redisstore.ErrUnavailable):
		return "Check host and port in cache.url, that a Redis server runs there, and that a firewall lets this machine through."
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full. Free some space, or set cache.path to a folder elsewhere."
	case errors.Is(err, context.DeadlineExceeded):
		return "The cache is too slow to be of use. See what keeps it."
	}
	return "Set cache.path to a folder that the user who runs Terraform may create or write to."
}
