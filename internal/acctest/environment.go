// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"slices"
	"strings"
)

// foreignVariables lists the names of the variables that would make a test depend
// on where it runs.
func foreignVariables(environment []string) []string {
	var names []string
	for _, variable := range environment {
		if name, _, _ := strings.Cut(variable, "="); isForeign(name) {
			names = append(names, name)
		}
	}
	return names
}

// isForeign reports whether a variable configures the CLI, this provider or a
// proxy. Those that control acceptance tests are not foreign.
func isForeign(name string) bool {
	upper := strings.ToUpper(name)
	switch {
	case strings.HasPrefix(upper, "TF_ACC"):
		return false
	case strings.HasPrefix(upper, "TF_"), strings.HasPrefix(upper, "OAUTH2CC_"):
		return true
	}
	return slices.Contains([]string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}, upper)
}

// clean returns environment without the foreign variables.
func clean(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return isForeign(name)
	})
}
