// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package layering checks which package imports which, and that CONTRIBUTING.md
// describes all of them. It has no code but tests. A change to the layers changes the
// tables here in the same commit.
package layering

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/oauth2cc/terraform-provider-oauth2cc"

// layers are the packages of the provider. Imports point to lower layers only.
var layers = map[string]int{
	"internal/secret":      0,
	"internal/jsonpointer": 0,
	"internal/keys":        0,
	"internal/privatefile": 0,
	"internal/command":     0,

	"internal/oauth2":                1,
	"internal/clientauth":            1,
	"internal/dpop":                  1,
	"internal/httpstack":             1,
	"internal/tokencache":            1,
	"internal/tokencache/filestore":  1,
	"internal/tokencache/redisstore": 1,

	"internal/tokenfile":   2,
	"internal/tokensource": 2,
	"internal/proxy":       2,
	"internal/provider":    3,
	"":                     4, // main
}

// exceptions are the imports within a layer.
var exceptions = []string{
	"internal/clientauth -> internal/oauth2",
	"internal/command -> internal/secret",
	"internal/keys -> internal/secret",
	"internal/oauth2 -> internal/httpstack",
	"internal/tokencache/filestore -> internal/tokencache",
	"internal/tokencache/redisstore -> internal/tokencache",
}

// support are the packages that are not part of the provider. Only tests and commands
// import them and the packages below them.
var support = []string{
	"internal/acctest",
	"internal/authserver",
	"internal/authservertest",
	"internal/benchtf",
	"internal/cmd",
	"internal/examplestest",
	"internal/interop",
	"internal/layering",
	"internal/redistest",
	"internal/stresstest",
	"internal/tokencache/storetest",
}

// exclusive are imports from other modules that only some packages, and those below
// them, may have. An authorization server that verified with the library that the
// client signs with would share its mistakes.
var exclusive = map[string][]string{
	"github.com/hashicorp/terraform-plugin-": {"", "internal/provider", "internal/cmd/schema", "internal/cmd/consumer", "internal/cmd/floor"},
	"github.com/golang-jwt/":                 {"internal/authserver"},
	"golang.org/x/oauth2":                    nil,
	"testing":                                {"internal/acctest", "internal/authservertest", "internal/redistest", "internal/tokencache/storetest"},
}

// listed is a package as go list describes it, without its tests.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// list runs go list.
func list(t *testing.T, pattern string) []listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", pattern)
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, one)
	}
}

// inModule returns an import path relative to this module, or false for others.
func inModule(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// within reports whether a package is one of those named, or below one.
func within(name string, named []string) bool {
	return slices.ContainsFunc(named, func(one string) bool {
		return name == one || one != "" && strings.HasPrefix(name, one+"/")
	})
}

// mayImport reports whether one package of this module may import another.
func mayImport(from, to string) bool {
	switch {
	case within(from, []string{"internal/authserver"}):
		return within(to, []string{"internal/authserver"})
	case within(from, support):
		return true
	case within(to, support):
		return false
	}
	return layers[to] < layers[from] || slices.Contains(exceptions, from+" -> "+to)
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, one := range list(t, module+"/...") {
		name, _ := inModule(one.ImportPath)
		if _, ok := layers[name]; !ok && !within(name, support) {
			t.Errorf("%s is not in the tables of this test", name)
			continue
		}
		for _, path := range one.Imports {
			if to, ok := inModule(path); ok && !mayImport(name, to) {
				t.Errorf("%q must not import %s", name, to)
			}
			for prefix, permitted := range exclusive {
				if strings.HasPrefix(path, prefix) && !within(name, permitted) {
					t.Errorf("%q must not import %s", name, path)
				}
			}
		}
	}
}

// TestMap checks that CONTRIBUTING.md says what each package is for.
func TestMap(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list(t, module+"/internal/...") {
		name, _ := inModule(one.ImportPath)
		if within(name, []string{"internal/cmd"}) {
			name = "internal/cmd"
		}
		if !strings.Contains(string(text), "`"+path.Base(name)+"`") {
			t.Errorf("CONTRIBUTING.md does not name %s", name)
		}
	}
}

// TestExecutable checks that the executable contains no code for tests.
func TestExecutable(t *testing.T) {
	t.Parallel()
	for _, path := range list(t, module)[0].Deps {
		name, ok := inModule(path)
		if ok && within(name, support) || strings.HasPrefix(path, "github.com/hashicorp/terraform-plugin-testing") {
			t.Errorf("the provider must not contain %s", path)
		}
	}
}
