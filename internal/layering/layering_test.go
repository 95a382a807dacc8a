// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package layering holds which package may import which. It has nothing but a
// test: the table in it is the drawing of the house, and whoever moves a wall
// changes it in the same commit.
package layering

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/oauth2cc/terraform-provider-oauth2cc"

// floors are the packages of the provider. Imports point down only.
var floors = map[string]int{
	"internal/secret":      0,
	"internal/jsonpointer": 0,
	"internal/panics":      0,
	"internal/keys":        0,

	"internal/oauth2":                1,
	"internal/clientauth":            1,
	"internal/httpstack":             1,
	"internal/tokencache":            1,
	"internal/tokencache/filestore":  1,
	"internal/tokencache/redisstore": 1,

	"internal/tokensource": 2,
	"internal/provider":    3,
	"":                     4, // main
}

// sideways are the imports that stay on their floor.
var sideways = []string{
	"internal/clientauth -> internal/oauth2",
	"internal/keys -> internal/secret",
	"internal/oauth2 -> internal/httpstack",
	"internal/tokencache/filestore -> internal/tokencache",
	"internal/tokencache/redisstore -> internal/tokencache",
}

// beside are the packages that are no part of the provider: tests and commands
// alone import them, and what is below them.
var beside = []string{
	"internal/acctest",
	"internal/authserver",
	"internal/authservertest",
	"internal/cmd",
	"internal/examplestest",
	"internal/interop",
	"internal/layering",
	"internal/redistest",
	"internal/stresstest",
	"internal/tokencache/storetest",
}

// exclusive are imports from outside that some packages alone may have, with what
// is below them. An authorization server that verified with the library that the
// client signs with would share its mistakes.
var exclusive = map[string][]string{
	"github.com/hashicorp/terraform-plugin-": {"", "internal/provider", "internal/cmd/schema"},
	"github.com/golang-jwt/":                 {"internal/authserver"},
	"golang.org/x/oauth2":                    nil,
	"testing":                                {"internal/acctest", "internal/authservertest", "internal/redistest", "internal/tokencache/storetest"},
}

// listed is a package as go list describes it, tests left out.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// list asks go list about packages of this module.
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

// ours cuts the module off an import path. Of others it returns false.
func ours(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

// within tells whether a package is one of those named, or below one.
func within(name string, named []string) bool {
	return slices.ContainsFunc(named, func(one string) bool {
		return name == one || one != "" && strings.HasPrefix(name, one+"/")
	})
}

// mayImport tells whether one package of this module may import another.
func mayImport(from, to string) bool {
	switch {
	case within(from, []string{"internal/authserver"}):
		return within(to, []string{"internal/authserver"})
	case within(from, beside):
		return true
	case within(to, beside):
		return false
	}
	return floors[to] < floors[from] || slices.Contains(sideways, from+" -> "+to)
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, one := range list(t, module+"/...") {
		name, _ := ours(one.ImportPath)
		if _, ok := floors[name]; !ok && !within(name, beside) {
			t.Errorf("%s has no place in this table", name)
			continue
		}
		for _, path := range one.Imports {
			if to, ok := ours(path); ok && !mayImport(name, to) {
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

// TestExecutable holds that nothing which is there for tests is linked into what
// users run.
func TestExecutable(t *testing.T) {
	t.Parallel()
	for _, path := range list(t, module)[0].Deps {
		name, ok := ours(path)
		if ok && within(name, beside) || strings.HasPrefix(path, "github.com/hashicorp/terraform-plugin-testing") {
			t.Errorf("the provider must not contain %s", path)
		}
	}
}
