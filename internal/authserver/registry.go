// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"slices"
	"sync"
)

// registry is the table of registered clients.
type registry struct {
	mu      sync.Mutex
	clients map[string]Client
}

func (g *registry) put(c Client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clients == nil {
		g.clients = make(map[string]Client)
	}
	g.clients[c.ID] = c
}

func (g *registry) find(id string) (Client, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.clients[id]
	return c, ok
}

// contains reports whether match holds for a client.
func (g *registry) contains(match func(Client) bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.clients {
		if match(c) {
			return true
		}
	}
	return false
}

// only is the one client that match holds for, if it is one.
func (g *registry) only(match func(Client) bool) (Client, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []Client
	for _, c := range g.clients {
		if match(c) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return Client{}, false
	}
	return found[0], true
}

// grants are the grant types of all clients.
func (g *registry) grants() []string {
	return g.collect(func(c Client) []string { return c.Grants })
}

// authMethods are the authentication methods of all clients.
func (g *registry) authMethods() []string {
	return g.collect(func(c Client) []string { return []string{c.AuthMethod} })
}

// scopes are the scopes of all clients.
func (g *registry) scopes() []string {
	return g.collect(func(c Client) []string { return c.Scopes })
}

// collect puts what all clients have together: sorted, each value once.
func (g *registry) collect(of func(Client) []string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for _, c := range g.clients {
		all = append(all, of(c)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
