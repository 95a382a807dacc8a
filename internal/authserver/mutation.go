// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

// Mutation changes a JSON document just before it is sent: a token answer or
// the metadata.
type Mutation func(document map[string]any)

// Set gives member the value, added or replaced.
func Set(member string, value any) Mutation {
	return func(document map[string]any) { document[member] = value }
}

// Omit leaves members out.
func Omit(members ...string) Mutation {
	return func(document map[string]any) {
		for _, member := range members {
			delete(document, member)
		}
	}
}

func mutate(document map[string]any, mutations []Mutation) map[string]any {
	for _, m := range mutations {
		m(document)
	}
	return document
}
