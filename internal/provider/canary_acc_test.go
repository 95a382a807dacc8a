// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

// TestAccCanaries plants a secret in every attribute that may hold one, of the
// ephemeral resources and then of the provider block, new ones included, and holds that
// none is in what Terraform shows, logs, or writes into plan and state.
func TestAccCanaries(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault        http.Handler
		planExitCode int
	}{
		"well":     {nil, 2},
		"repeated": {authserver.OAuthError(400, "invalid_request", "You sent "+repeatedHere), 1},
	}
	for name, row := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := startFaultySite(t, row.fault)
			config := newCanaryConfig(t, site.URL)
			w := acctest.New(t, config.text.String(), config.variables...)
			w.Trace()
			files, results := []string{"trace.log"}, []acctest.Result{w.Plan("-out=plan.bin").MustExit(t, row.planExitCode)}
			if row.planExitCode == 2 {
				results = append(results, w.Show("plan.bin").MustExit(t, 0), w.Apply("plan.bin").MustExit(t, 0), w.Show("").MustExit(t, 0))
				files = append(files, "terraform.tfstate")
				config.mustHaveArrived(t, site)
			}
			(&nest{Workspace: w}).mustHaveTraced(t)
			(&nest{Workspace: w}).mustKeep(t, config.canaries, results, files...)
		})
	}
}

// canaryConfig is a configuration in which each block has a canary in one
// attribute, from a variable.
type canaryConfig struct {
	text      strings.Builder
	variables []string
	canaries  []acctest.Canary
}

// newCanaryConfig walks through the schemas.
func newCanaryConfig(t *testing.T, site string) *canaryConfig {
	t.Helper()
	config := &canaryConfig{}
	config.text.WriteString(hclBlock("provider", []string{providerName}, siteClient(site)) + hclBlock("resource", []string{"terraform_data", "test"}, nil))
	all := blocks(t)
	ofToken := textFields(all["ephemeral "+tokenType].schema.Block.Attributes)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		in := all[name]
		fields := textFields(in.schema.Block.Attributes)
		if name == "provider" {
			// Each provider block is a process of its own. TestCanaries has all attributes.
			maps.DeleteFunc(fields, func(attribute string, _ textField) bool { return ofToken[attribute].set != nil })
		}
		for _, attribute := range slices.Sorted(maps.Keys(fields)) {
			if fields[attribute].sensitive || slices.Contains(alsoSecret, attribute) {
				config.add(t, name, in.base(site), companions(site, attribute), attribute, fields[attribute])
			}
		}
	}
	return config
}

// providerName is the local name of the provider.
const providerName = "oauth2cc"

// add adds a block with a canary. A provider block needs one that uses it, and a
// data source or an action is stored with all that it is given.
func (c *canaryConfig) add(t *testing.T, in string, base, beside attributes, attribute string, at textField) {
	t.Helper()
	id := "canary" + strconv.Itoa(len(c.canaries))
	canary := acctest.NewCanary(in+" "+attribute, "-._~+/+.")
	given := canary.Value
	if dress := dressings[attribute]; dress != nil {
		given, beside = dress(t, canary)
	}
	block := merged(base, beside, at.set(beside, spelled(attribute, "${var."+id+"}")))
	switch kind, name, _ := strings.Cut(in, " "); kind {
	case "provider":
		c.text.WriteString(hclBlock("provider", []string{providerName}, merged(block, attributes{"alias": id})))
		fmt.Fprintf(&c.text, "ephemeral %q %q {\n  provider = %s.%s\n}\n", tokenType, id, providerName, id)
	case "ephemeral":
		c.text.WriteString(hclBlock("ephemeral", []string{name, id}, block))
	default:
		return
	}
	c.text.WriteString("variable \"" + id + "\" {\n  type      = string\n  ephemeral = true\n}\n")
	c.variables = append(c.variables, "TF_VAR_"+id+"="+given)
	c.canaries = append(c.canaries, canary)
}

// mustHaveArrived holds that the canaries were sent that are sent as they are: else
// nothing is proven.
func (c *canaryConfig) mustHaveArrived(t *testing.T, site *site) {
	t.Helper()
	received := site.received()
	for _, canary := range c.canaries {
		attribute := canary.Name[strings.LastIndex(canary.Name, " ")+1:]
		if canary.Name == "ephemeral "+proxyType+" request_headers" || strings.HasPrefix(canary.Name, "ephemeral "+jwtType+" ") {
			continue // sent with the calls of other providers, of which there are none
		}
		if place := arrivals[attribute]; place != "" && !slices.Contains(received[place], canary.Value) {
			t.Errorf("the %s has not arrived", canary.Name)
		}
	}
}

// hclBlock writes a block of a configuration.
func hclBlock(kind string, labels []string, content attributes) string {
	var text strings.Builder
	text.WriteString(kind)
	for _, label := range labels {
		text.WriteString(" " + strconv.Quote(label))
	}
	text.WriteString(" {\n")
	for _, name := range slices.Sorted(maps.Keys(content)) {
		text.WriteString("  " + name + " = " + hcl(content[name]) + "\n")
	}
	return text.String() + "}\n"
}

// reference is an expression.
type reference string

// hcl writes a value of a configuration.
func hcl(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case attributes:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			members = append(members, strconv.Quote(name)+" = "+hcl(value[name]))
		}
		return "{ " + strings.Join(members, ", ") + " }"
	case []string:
		elements := make([]string, len(value))
		for i, element := range value {
			elements[i] = hcl(element)
		}
		return "[" + strings.Join(elements, ", ") + "]"
	case reference, bool:
		return fmt.Sprint(value)
	default:
		text := fmt.Sprint(value)
		if head := strings.TrimRight(text, "x"); len(head)+1000 < len(text) { // literals of a megabyte take the CLI minutes
			return fmt.Sprintf("format(\"%%s%%0%dd\", %q, 0)", len(text)-len(head), head)
		}
		return strconv.Quote(text)
	}
}
