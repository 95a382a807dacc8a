// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

const canary = `c4n/ry+<&"é`

func TestStringIsNeverPrinted(t *testing.T) {
	t.Parallel()
	type holder struct{ Secret secret.String }
	held := holder{secret.New(canary)}

	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "bare", held.Secret, "inside", held)
	encoded, err := json.Marshal(map[string]any{"bare": held.Secret, "inside": held})
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]string{
		"slog": logged.String(),
		"json": string(encoded),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10.3s"} {
		printed["bare "+verb] = fmt.Sprintf(verb, held.Secret)
		printed["inside "+verb] = fmt.Sprintf(verb, held)
		printed["pointer "+verb] = fmt.Sprintf(verb, &held)
	}
	for road, text := range printed {
		if strings.Contains(text, "c4n") || strings.Contains(text, "63346e") || !strings.Contains(text, "redacted") {
			t.Errorf("%s printed %q", road, text)
		}
	}
	if held.Secret.Reveal() != canary {
		t.Error("Reveal does not return what New was given")
	}
}
