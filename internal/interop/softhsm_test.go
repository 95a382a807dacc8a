// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// softHSM is a PKCS#11 module whose tokens are files.
const softHSM = "/usr/lib/softhsm/libsofthsm2.so"

// hsm is a token with an RSA key, 01, and an EC key, 02. The environment that its tools need
// is in the commands.
type hsm struct{ settings, lock string }

// pkcs11 is a command on the token. Two at once fail: "No slot with token named".
func (h hsm) pkcs11(args string) string {
	return fmt.Sprintf("env SOFTHSM2_CONF=%s HSM_PIN=1234 flock %s pkcs11-tool --module %s --token-label deploy --login --pin env:HSM_PIN %s",
		h.settings, h.lock, softHSM, args)
}

// startHSM makes a token, and has the servers that use the authority's keys know those of the
// token.
func startHSM(t *testing.T, pki pki) hsm {
	t.Helper()
	dir := t.TempDir()
	h := hsm{filepath.Join(dir, "softhsm2.conf"), filepath.Join(dir, "lock")}
	write(t, h.settings, fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\n", dir))
	run(t, dir, "", "env", "SOFTHSM2_CONF="+h.settings, "softhsm2-util", "--module", softHSM, "--init-token", "--free", "--label", "deploy", "--so-pin", "1234", "--pin", "1234")
	for id, kind := range map[string]string{"01": "rsa:2048", "02": "EC:prime256v1"} {
		run(t, dir, "", "sh", "-ec", h.pkcs11("--keypairgen --key-type "+kind+" --id "+id))
		run(t, dir, "", "sh", "-ec", h.pkcs11("--read-object --type pubkey --id "+id+" --output-file key.der"))
		public := run(t, dir, "", "openssl", "pkey", "-pubin", "-inform", "DER", "-in", "key.der")
		write(t, filepath.Join(string(pki), "keys", "hsm-"+id+".pub"), public)
	}
	return h
}

// TestSoftHSM has a server verify what an HSM signs. Its ECDSA signatures are two numbers, or
// in DER if it is asked for that.
func TestSoftHSM(t *testing.T) {
	t.Parallel()
	needServers(t)
	pki := newPKI(t)
	h := startHSM(t, pki)
	server := startOIDCProvider(t, pki, "private_key_jwt")
	tests := map[string]struct{ id, algorithm, command string }{
		"RS256":         {"01", "RS256", h.pkcs11("--sign --id 01 --mechanism SHA256-RSA-PKCS")},
		"PS256":         {"01", "PS256", h.pkcs11("--sign --id 01 --mechanism SHA256-RSA-PKCS-PSS")},
		"ES256":         {"02", "ES256", "openssl dgst -sha256 -binary | " + h.pkcs11("--sign --id 02 --mechanism ECDSA")},
		"ES256, DER":    {"02", "ES256", "openssl dgst -sha256 -binary | " + h.pkcs11("--sign --id 02 --mechanism ECDSA --signature-format openssl")},
		"ES256, base64": {"02", "ES256", "openssl dgst -sha256 -binary | " + h.pkcs11("--sign --id 02 --mechanism ECDSA") + " | openssl base64"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			works(t, "SoftHSM", "`private_key_command`", name+", with `pkcs11-tool`")
			command := fmt.Sprintf("\n  signed_assertion = {\n    private_key_command = [\"sh\", \"-c\", %q]\n    algorithm = %q\n    key_id = \"hsm-%s\"\n  }\n",
				test.command, test.algorithm, test.id)
			w := workspace(t, pki, server.client("key-jwt", command+"  tls = { ca_certificate = file(\"ca.crt\") }\n")+ephemeralToken, files{})
			w.Plan().MustExit(t, 0)
		})
	}
	t.Run("wrong PIN", func(t *testing.T) {
		t.Parallel()
		command := strings.Replace(h.pkcs11("--sign --id 01 --mechanism SHA256-RSA-PKCS"), "HSM_PIN=1234", "HSM_PIN=5678", 1)
		w := workspace(t, pki, server.client("key-jwt", fmt.Sprintf(
			"\n  signed_assertion = {\n    private_key_command = [\"sh\", \"-c\", %q]\n    algorithm = \"RS256\"\n  }\n  tls = { ca_certificate = file(\"ca.crt\") }\n", command,
		))+ephemeralToken, files{})
		if got := told(t, w); !strings.Contains(got, "sh failed with exit status 1") || !strings.Contains(got, "CKR_PIN_INCORRECT") || strings.Contains(got, "/token") {
			t.Errorf("the diagnostics are\n%s", got)
		}
	})
}
