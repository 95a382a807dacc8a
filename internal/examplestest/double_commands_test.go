// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
)

// platformTools play the tools of platforms, which write the job's JWT in their own ways. A
// call that differs from their documentation fails.
var platformTools = map[string]string{
	"buildkite-agent": `test "$*" = "oidc request-token --audience api://deploy" && echo "$OAUTH2CC_ID_TOKEN"`,
	"gcloud":          `test "$*" = "auth print-identity-token --audiences api://deploy" && echo "$OAUTH2CC_ID_TOKEN"`,
	"az": `test "$*" = "account get-access-token --resource api://deploy --output json" &&
		echo "{\"accessToken\": \"$OAUTH2CC_ID_TOKEN\", \"expires_on\": 1893456000, \"tokenType\": \"Bearer\"}"`,
	"spire-agent": `test "$*" = "api fetch jwt -audience api://deploy -output json" &&
		echo "[{\"svids\":[{\"hint\":\"\",\"spiffe_id\":\"spiffe://example.org/deploy\",\"svid\":\"$OAUTH2CC_ID_TOKEN\"}]},{\"bundles\":{}}]"`,
}

// install puts platforms' and services' tools into a folder: a tool of both tries one after
// the other.
func install(folder string) error {
	var err error
	scripts := maps.Clone(signingServices)
	for name, script := range platformTools {
		scripts[name] = script
		if signs, both := signingServices[name]; both {
			scripts[name] = "{ " + script + "; } && exit\n" + signs
		}
	}
	for name, script := range scripts {
		err = errors.Join(err, os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700)) //nolint:gosec // it is run
	}
	return err
}
