// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package examplestest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// registry is where the pages are published. The registries of Terraform and of
// OpenTofu resolve relative links differently, so that pages link by address.
const registry = "https://registry.terraform.io/providers/oauth2cc/oauth2cc/latest/docs"

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$|<a id="([^"]+)"></a>`)
	notSlug = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// TestLinksOfPages follows every link from one page of docs/ to another. The address
// of a page is its path without the file's extension (index is the overview), and
// that of a heading is made from its text.
func TestLinksOfPages(t *testing.T) {
	t.Parallel()
	const directory = "../../docs"
	anchors := map[string][]string{} // by the address of the page
	texts := map[string]string{}
	err := fs.WalkDir(os.DirFS(directory), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path.Join(directory, file))
		address := strings.TrimSuffix(registry+"/"+strings.TrimSuffix(file, ".md"), "/index")
		texts[address], anchors[address] = string(text), anchorsOf(string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for from, text := range texts {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			switch {
			case target == "":
				target = from
			case strings.HasPrefix(target, "https://") && !strings.HasPrefix(target, registry):
				continue
			}
			known, exists := anchors[target]
			if !exists || (anchor != "" && !slices.Contains(known, anchor)) {
				t.Errorf("%s: %s leads nowhere", from, match[1])
			}
		}
	}
}

// anchorsOf lists the addresses of a page's headings.
func anchorsOf(text string) []string {
	var anchors []string
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		slug := strings.ToLower(strings.ReplaceAll(match[1], "`", ""))
		anchors = append(anchors, strings.ReplaceAll(notSlug.ReplaceAllString(slug, ""), " ", "-"), match[2])
	}
	return anchors
}

// TestExampleComesFirst: readers in a hurry look for something to copy.
func TestExampleComesFirst(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"index", "ephemeral-resources/token", "ephemeral-resources/token_file", "ephemeral-resources/jwt", "ephemeral-resources/request", "data-sources/token", "data-sources/request",
		"data-sources/server_metadata", "actions/request", "functions/jwt_decode",
	} {
		text, err := os.ReadFile("../../docs/" + file + ".md")
		if err != nil {
			t.Fatal(err)
		}
		if _, after, found := strings.Cut(string(text), "\n## "); !found || !strings.HasPrefix(after, "Example Usage\n") {
			t.Errorf("%s: the first section is not the example", file)
		}
	}
}

var quoted = regexp.MustCompile("(?m)^(?:\\| |\\*\\*)`([A-Z][a-z][^`]+)`")

// TestQuotedErrors: people search the guides for an error as it is printed.
func TestQuotedErrors(t *testing.T) {
	t.Parallel()
	printed := "unsupported block type, invalid use of ephemeral value, no ephemeral resource types in mock providers" // Terraform's
	for _, pattern := range []string{"provider/*.go", "provider/testdata/diagnostics/*.txt", "clientauth/*.go", "keys/*.go"} {
		files, err := filepath.Glob("../" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			printed += strings.ToLower(string(text))
		}
	}
	guides, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatal(err)
	}
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range quoted.FindAllStringSubmatch(string(text), -1) {
			for part := range strings.SplitSeq(strings.ToLower(match[1]), "…") {
				if !strings.Contains(printed, part) {
					t.Errorf("%s quotes an error that does not exist: %s", guide, match[1])
				}
			}
		}
	}
}
