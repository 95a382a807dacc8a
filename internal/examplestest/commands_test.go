// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	oauth2cc "github.com/oauth2cc/terraform-provider-oauth2cc/internal/provider"
)

// commandRow matches a row of a guide's table that has a command, and what is set with it.
var commandRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `(\\[.*\\])`(?: with `(.*)`)? \\|$")

// commandsIn returns the commands in the tables of a guide, by the names of their rows, as
// members of an object.
func commandsIn(t *testing.T, guide, member string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../templates/guides", guide+".md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]string{}
	for _, row := range commandRow.FindAllStringSubmatch(string(text), -1) {
		commands[row[1]] = fmt.Sprintf("%s = %s\n%s\n", member, row[2], row[3])
	}
	if len(commands) < 4 {
		t.Fatalf("the guide has the commands %q only", commands)
	}
	return commands
}

// TestAccPlatformCommands runs the commands that write a platform's JWT.
func TestAccPlatformCommands(t *testing.T) {
	t.Parallel()
	for name, members := range commandsIn(t, "pipeline-identity", "command") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			applyClient(t, example{
				client:   federated("deploy", pipelineAudience),
				settings: authserver.Config{TrustedIssuers: []authserver.TrustedIssuer{pipelineTrust()}},
			}, "federated_assertion = {\n"+members+"}")
		})
	}
}

// terraformBlock matches a block of a guide that is not an example of its own.
var terraformBlock = regexp.MustCompile("(?s)```terraform\n(private_key_command.*?)```")

// signingProgram matches the program that signs.
var signingProgram = regexp.MustCompile(`\b(aws|gcloud|az|vault|pkcs11-tool|step)\b`)

// TestAccSigningCommands runs the commands that sign with a key of theirs.
func TestAccSigningCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../templates/guides/external-keys.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	blocks := terraformBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 7 {
		t.Fatalf("the guide has the commands %q only", blocks)
	}
	for _, block := range blocks {
		t.Run(signingProgram.FindString(block[1]), func(t *testing.T) {
			t.Parallel()
			key := rsaInHSM
			if strings.Contains(block[1], "ES256") {
				key = ecInHSM
			}
			applyClient(t, example{client: authserver.Client{
				ID: "deploy", AuthMethod: authserver.PrivateKeyJWT, Keys: []authserver.Key{{Public: key.Public()}},
			}}, "signed_assertion = {\n"+block[1]+"}")
		})
	}
}

// applyClient has a client of the server request a token.
func applyClient(t *testing.T, row example, attributes string) {
	t.Helper()
	srv := startServer(t, row)
	configuration := fmt.Sprintf(
		"provider \"oauth2cc\" {\ntoken_endpoint = %q\nclient_id = \"deploy\"\n%s\n}\n\nephemeral \"oauth2cc_token\" \"api\" {}\n", srv.TokenURL(), attributes,
	)
	acctest.Needs(t, configuration)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"oauth2cc": func() (tfprotov6.ProviderServer, error) { return oauth2cc.NewServer("test"), nil },
		},
		Steps: []resource.TestStep{{Config: configuration}},
	})
	if srv.Count(authserver.TokenEndpoint) == 0 {
		t.Error("no token was requested")
	}
}
