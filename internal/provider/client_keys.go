// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/clientauth"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/keys"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// keyAttributes say where a signing key is, and how JWTs are signed with it.
func keyAttributes(defaultAlgorithm string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		keys.MemberPrivateKey: sensitive(nonEmpty(), "Signing key: PEM (PKCS#1, PKCS#8, SEC 1; encrypted with `private_key_passphrase`), a JWK, or a JWK Set with `key_id`. "+
			"RSA, EC (P-256, P-384, P-521) or Ed25519."),
		keys.MemberPassphrase: sensitive(nonEmpty(), "Passphrase of `private_key`, if the PEM is encrypted: PKCS#8 (AES or 3DES in CBC mode, with PBKDF2 or scrypt) or OpenSSL's older format."),
		keys.MemberPKCS12: sensitive(nonEmpty(), "Signing key with its certificate, instead of `private_key`: a PKCS#12 file (`.p12`, `.pfx`) in base64, as `filebase64` reads it. "+
			"The certificate adds `x5t` and `x5t#S256`."),
		keys.MemberPassword: sensitive(anyText(), "Password of `pkcs12`, if it has one."),
		keys.MemberCommand: commandAttribute("Command that signs, instead of `private_key`, with a key that is kept in a KMS, an HSM or Vault. It reads what is to be signed on standard input, " +
			"and writes the signature: binary or base64, ECDSA in DER too. `algorithm` is required. With `certificate`, the signature is verified. " +
			"See the guide [Keys in a KMS, HSM or Vault](https://registry.terraform.io/providers/oauth2cc/oauth2cc/latest/docs/guides/external-keys)."),
		"key_id":      optional(plainText(), "Sent as `kid`. Default: that of the JWK."),
		"algorithm":   optional(oneOf(clientauth.Algorithms()...), "Signature algorithm: `"+strings.Join(clientauth.Algorithms(), "`, `")+"`. "+defaultAlgorithm),
		"certificate": optional(certificates(), "Certificate of the key, in PEM. Adds `x5t` and `x5t#S256`, by which some servers find the key."),
		"type":        optional(plainText(), "Sent as `typ`. Default `JWT`."),
		"lifetime":    optional(durationFrom(time.Second), "How long the JWT is valid. Default `60s`."),
	}
}

// keySource maps keyAttributes. With the names of another object's members, it maps those.
func keySource(object types.Object, named func(member string) string) keys.Source {
	text := func(member string) secret.String { return secret.New(textIn(object, named(member))) }
	source := keys.Source{
		PrivateKey: text(keys.MemberPrivateKey),
		Passphrase: text(keys.MemberPassphrase),
		PKCS12:     text(keys.MemberPKCS12),
		Password:   text(keys.MemberPassword),
	}
	if command := member[types.List](object, named(keys.MemberCommand)); !command.IsNull() && !command.IsUnknown() {
		source.Command = append([]string{}, textList(command)...)
	}
	return source
}

// asNamed is for objects whose members have the names of keyAttributes.
func asNamed(member string) string { return member }

// hasKey reports whether an object has a key, or may have one once it is known.
func hasKey(object types.Object, named func(member string) string) bool {
	return slices.ContainsFunc([]string{keys.MemberPrivateKey, keys.MemberPKCS12, keys.MemberCommand}, func(member string) bool {
		return mayHave(object, named(member))
	})
}

// validateKey checks that an object has at most one key, and nothing without the key that it
// belongs to.
func validateKey(at path.Path, object types.Object, named func(member string) string) diag.Diagnostics {
	var diags diag.Diagnostics
	if !isKnown(object) {
		return diags
	}
	isSet := func(name string) bool {
		value, ok := object.Attributes()[name]
		return ok && !value.IsNull() && !value.IsUnknown() // a client certificate's key has no command
	}
	refuse := func(name, summary, detail string) { diags.AddAttributeError(at.AtName(name), summary, detail) }
	key, pkcs12, command := named(keys.MemberPrivateKey), named(keys.MemberPKCS12), named(keys.MemberCommand)
	for _, other := range []string{key, pkcs12} {
		if isSet(command) && isSet(other) {
			refuse(command, "Conflicting attributes", at.AtName(command).String()+" and "+other+" are two keys. Remove one.")
		}
	}
	for _, other := range []string{key, named("certificate")} {
		if isSet(pkcs12) && isSet(other) {
			refuse(pkcs12, "Conflicting attributes", at.AtName(pkcs12).String()+" holds a key and its certificate. Remove it, or "+other+".")
		}
	}
	needs := func(name, needed string) {
		if isSet(name) && !mayHave(object, needed) {
			refuse(name, "Missing attribute "+at.AtName(needed).String(), at.AtName(name).String()+" belongs to "+needed+", which is not set. Set it, or remove "+name+".")
		}
	}
	needs(named(keys.MemberPassphrase), key)
	needs(named(keys.MemberPassword), pkcs12)
	return diags
}
