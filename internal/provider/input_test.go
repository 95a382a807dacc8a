// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"
)

// planted is in every hostile text that could be told by it.
const planted = "c4n4ry"

const mebibyte = 1 << 20

// tooLong is the name of a text that is too long for any attribute.
const tooLong = "above 1 MiB"

// hostile are texts that break whoever joins texts without care.
func hostile() map[string]string {
	around := func(inside string) string { return planted + inside + planted }
	return map[string]string{
		"NUL":              around("\x00"),
		"CR LF":            around("\r\nX-Smuggled: 1\r\n\r\n"),
		"CR":               around("\r"),
		"LF":               around("\n"),
		"tab":              around("\t"),
		"ESC":              around("\x1b[2J"),
		"DEL":              around("\x7f"),
		"C1 control":       around("\u009b31m"),
		"line separator":   around("\u2028"),
		"no UTF-8":         around("\xff"),
		"half a character": around("\xe2\x82"),
		"RTL override":     around("\u202e"),
		"emoji":            around("👩‍🔬"),
		"separators":       around("&x=1+2%41;a=b/c?d,"),
		"quotes":           around("\"'\\`${x}"),
		"empty":            "",
		"spaces":           "   ",
		"leading space":    " " + planted,
		"trailing space":   planted + " ",
		"32 KiB of lines":  strings.Repeat("\n", 32<<10),
		tooLong:            planted + strings.Repeat("x", mebibyte),
	}
}

// TestInput puts every hostile text into every attribute that takes text, new ones
// included. It is refused with the name of the attribute, and without being repeated
// where it is secret; or else it arrives as it was written.
func TestInput(t *testing.T) {
	t.Parallel()
	for name, in := range blocks(t) {
		for attribute, at := range textFields(in.schema.Block.Attributes) {
			t.Run(name+"/"+attribute, func(t *testing.T) {
				t.Parallel()
				s := newSession(t)
				for what, text := range hostile() {
					checkInput(s, in, attribute, at, what, text)
				}
			})
		}
	}
}

// TestInputLongest holds that a text may have a length of 1 MiB, and arrives whole.
func TestInputLongest(t *testing.T) {
	t.Parallel()
	all, s := blocks(t), newSession(t)
	for attribute, in := range map[string]block{"request_body": all["action "+requestType], "parameters": all["ephemeral "+tokenType]} {
		at, longest := textFields(in.schema.Block.Attributes)[attribute], strings.Repeat("\n", mebibyte)
		if found := in.validate(s, merged(in.base("https://api.example"), at.set(nil, longest))); len(found) > 0 {
			t.Errorf("%s is refused:\n%.500s", attribute, found)
		}
		checkInput(s, in, attribute, at, "1 MiB", longest)
	}
}

// TestInputOfTheFunction does the same with jwt_decode, whose token may be a secret.
func TestInputOfTheFunction(t *testing.T) {
	t.Parallel()
	for what, text := range hostile() {
		for _, token := range []string{text, jwtOf(`{"sub":` + strconv.Quote(text) + `}`)} {
			argument, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, token))
			if err != nil {
				t.Fatal(err)
			}
			response, err := newSession(t).server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{
				Name: "jwt_decode", Arguments: []*tfprotov6.DynamicValue{&argument},
			})
			if err != nil {
				t.Fatal(err)
			}
			if response.Error != nil {
				detail := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Detail: response.Error.Text}
				checkTold(t, what, diagnostics{detail}, textField{sensitive: true})
			}
		}
	}
}

// checkInput tries one text in one attribute of one block.
func checkInput(s *session, in block, attribute string, at textField, what, text string) {
	t := s.t
	t.Helper()
	site := startSite(t)
	defer site.Close()
	var log bytes.Buffer
	s.ctx = tflogtest.RootLogger(t.Context(), &log)
	beside := companions(site.URL, attribute)
	config := merged(in.base(site.URL), beside, at.set(beside, spelled(attribute, text)))
	found := in.validate(s, config)
	checkTold(t, what, found, at)
	for _, one := range found {
		if !(diagnostics{one}).isAbout(root(attribute)) {
			t.Errorf("%s: the finding is not about %s:\n%.500s", what, attribute, diagnostics{one})
		}
	}
	if len(found) > 0 {
		return
	}
	if what == tooLong {
		t.Errorf("%s: it is accepted", what)
	}
	found = in.run(s, config, site.URL)
	checkTold(t, what, found, at)
	if at.sensitive && strings.Contains(log.String(), planted) {
		t.Errorf("%s: it is logged", what)
	}
	checkArrival(t, site, attribute, what, text, found)
}

// checkArrival holds that a text which was not refused is where it belongs.
func checkArrival(t testing.TB, site *site, attribute, what, text string, found diagnostics) {
	t.Helper()
	if len(found) > 0 {
		if !slices.Contains(refusedLater, attribute) {
			t.Errorf("%s: it is found too late:\n%.500s", what, found)
		}
		return
	}
	received := site.received()
	if slices.Contains(received["header X-Smuggled"], "1") {
		t.Errorf("%s: a header field was smuggled in", what)
	}
	if text == "" {
		return // it is as if nothing was given, or said so
	}
	place, known := arrivals[attribute]
	if !known {
		t.Errorf("%s: it is accepted, and arrivals does not say what for", what)
	} else if !slices.Contains(received[place], text) {
		t.Errorf("%s: as %s arrived %.200q", what, place, received[place])
	}
}

// checkTold holds that what the user is told is fit to be shown.
func checkTold(t testing.TB, what string, found diagnostics, at textField) {
	t.Helper()
	text := found.String()
	switch {
	case strings.Contains(text, "bug in the provider"):
		t.Errorf("%s: it panics:\n%s", what, text)
	case at.sensitive && strings.Contains(text, planted):
		t.Errorf("%s: the secret is shown:\n%.1000s", what, text)
	case len(text) > 4096:
		t.Errorf("%s: the user is told %d bytes:\n%.300s", what, len(text), text)
	case !utf8.ValidString(text):
		t.Errorf("%s: the user is told what is no text: %.300q", what, text)
	}
	if bad := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); bad >= 0 {
		t.Errorf("%s: the user is sent %.20q", what, text[bad:])
	}
}

// textField is an attribute that takes text.
type textField struct {
	sensitive bool
	// set returns the attribute with this text, beside others of the same root.
	set func(beside attributes, text string) attributes
}

// textFields finds the attributes that take text, however deep, by their paths.
func textFields(list []*tfprotov6.SchemaAttribute) map[string]textField {
	found := map[string]textField{}
	for _, attribute := range list {
		if !attribute.Optional && !attribute.Required {
			continue
		}
		name := attribute.Name
		if attribute.NestedType != nil {
			for inner, nested := range textFields(attribute.NestedType.Attributes) {
				found[name+"."+inner] = textField{nested.sensitive, func(beside attributes, text string) attributes {
					members, _ := beside[name].(attributes)
					return attributes{name: merged(members, nested.set(members, text))}
				}}
			}
			continue
		}
		var holding func(text string) any
		switch {
		case attribute.Type.Is(tftypes.String):
			holding = func(text string) any { return text }
		case attribute.Type.Equal(tftypes.List{ElementType: tftypes.String}):
			holding = func(text string) any { return []string{text} }
		case attribute.Type.Equal(tftypes.Map{ElementType: tftypes.String}):
			holding = func(text string) any { return attributes{memberOf(name): text} }
		default:
			continue
		}
		found[name] = textField{attribute.Sensitive, func(_ attributes, text string) attributes { return attributes{name: holding(text)} }}
	}
	return found
}

// root is the first name of a path.
func root(attribute string) string {
	first, _, _ := strings.Cut(attribute, ".")
	return first
}

// block is what takes attributes.
type block struct {
	schema   *tfprotov6.Schema
	base     func(site string) attributes
	validate func(*session, attributes) diagnostics
	// run does what the block is for, with a client of the site.
	run func(s *session, config attributes, site string) diagnostics
}

// blocks are all there are.
func blocks(t *testing.T) map[string]block {
	t.Helper()
	s := newSession(t)
	all := map[string]block{"provider": {s.schema.Provider, siteClient, (*session).validateProvider, useProvider}}
	for name, schema := range s.schema.EphemeralResourceSchemas {
		all["ephemeral "+name] = block{
			schema, needed(name),
			func(s *session, config attributes) diagnostics { return s.validateEphemeral(name, config) },
			func(s *session, config attributes, site string) diagnostics {
				found := s.configure(siteClient(site))
				resource := s.open(name, config)
				if address, ok := resource.result["capability_url"].(string); ok {
					call(s.t, address, nil)
				}
				if signed, ok := resource.result["jwt"].(string); ok {
					sendJWT(s.t, site, signed, config["secret"])
				}
				return slices.Concat(found, resource.diagnostics, s.close(s.ctx, resource))
			},
		}
	}
	for name, schema := range s.schema.DataSourceSchemas {
		all["data "+name] = block{
			schema, needed(name),
			func(s *session, config attributes) diagnostics { return s.validateDataSource(name, config) },
			func(s *session, config attributes, site string) diagnostics {
				_, found := s.mustConfigure(siteClient(site)).read(name, config)
				return found
			},
		}
	}
	for name, schema := range s.schema.ActionSchemas {
		all["action "+name] = block{
			schema.Schema, needed(name),
			func(s *session, config attributes) diagnostics { return s.validateAction(name, config) },
			func(s *session, config attributes, site string) diagnostics {
				return s.mustConfigure(siteClient(site)).invoke(name, config)
			},
		}
	}
	return all
}

// sendJWT sends a JWT to the site, and the secret that verifies it if there is one.
func sendJWT(t testing.TB, site, signed string, secret any) {
	t.Helper()
	form := url.Values{"client_assertion": {signed}}
	if text, ok := secret.(string); ok {
		if _, err := jwt.Parse(signed, func(*jwt.Token) (any, error) { return []byte(text), nil }); err == nil {
			form.Set("verified_with", text)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := caller.Do(request); err == nil { // it may be a faulty site
		_ = response.Body.Close()
	}
}

// useProvider configures a provider and has it get a token.
func useProvider(s *session, config attributes, _ string) diagnostics {
	if found := s.configure(config); len(found) > 0 {
		return found
	}
	resource := s.open(tokenType, nil)
	return resource.diagnostics
}

// TestInputWithinURLs puts hostile texts behind the host of a URL, in its path and
// in its query. They are refused; or what is sent has a request-target of visible
// ASCII (RFC 9112 section 3.2) that says the same.
func TestInputWithinURLs(t *testing.T) {
	t.Parallel()
	blocks := blocks(t)
	tests := map[string]struct {
		block  block
		config func(url string) attributes
	}{
		"token_endpoint": {blocks["provider"], func(url string) attributes {
			return attributes{"token_endpoint": url, "client_id": clientID, "client_secret": clientSecret}
		}},
		"issuer": {blocks["provider"], func(url string) attributes {
			return attributes{"issuer": url, "client_id": clientID, "client_secret": clientSecret}
		}},
		"url": {blocks["ephemeral "+requestType], func(url string) attributes {
			return attributes{"url": url, "authenticate": false}
		}},
		"platform": {blocks["ephemeral "+tokenType], func(url string) attributes {
			return attributes{"federated_assertion": attributes{"request": attributes{"url": url}}}
		}},
	}
	for name, row := range tests {
		for what, text := range hostile() {
			if what == "separators" { // they separate
				continue
			}
			for part, before := range map[string]string{"path": "/a", "query": "/?x_test="} {
				t.Run(name+"/"+what+" in the "+part, func(t *testing.T) {
					t.Parallel()
					site := startSite(t)
					t.Cleanup(site.Close)
					checkURL(t, site, row.block, row.config(site.URL+before+text), part, text)
				})
			}
		}
	}
}

// checkURL tries a configuration whose URL has a text in it.
func checkURL(t *testing.T, site *site, in block, config attributes, part, text string) {
	t.Helper()
	s := newSession(t)
	found := in.validate(s, config)
	checkTold(t, "validate", found, textField{})
	if len(found) > 0 {
		return
	}
	checkTold(t, "run", in.run(s, config, site.URL), textField{})
	received := site.received()
	for _, target := range received["target"] {
		if strings.ContainsFunc(target, func(char rune) bool { return char <= ' ' || char > '~' }) {
			t.Errorf("the request-target is %.100q", target)
		}
	}
	want, err := url.PathUnescape(text) // percent signs mean what they say
	if err != nil {
		t.Fatal(err)
	}
	if part == "query" && !slices.Contains(received["query x_test"], want) {
		t.Errorf("arrived %.100q", received["target"])
	}
	if part == "path" && !slices.ContainsFunc(received["path"], func(path string) bool { return strings.Contains(path, "/a"+want) }) {
		t.Errorf("arrived %.100q", received["path"])
	}
}
