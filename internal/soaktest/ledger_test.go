// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package soaktest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"sync"
)

// maxRetries is the provider's max_retries.
const maxRetries = 3

// ledger decides what becomes of each request for a token, and keeps it.
type ledger struct {
	seed   uint64
	faults map[outcome][]fault

	mu       sync.Mutex
	attempts map[string][]fault // by client
}

// next is the fault that the next request of a client meets. Nothing but the seed,
// the client and how often it has asked has a part in it.
func (l *ledger) next(client string) fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	met := l.draw(client, len(l.attempts[client]))
	l.attempts[client] = append(l.attempts[client], met)
	return met
}

// draw grants half of the requests, and all of those who share a token: what they
// are given is to depend on the time alone.
func (l *ledger) draw(client string, attempt int) fault {
	name := fnv.New64a()
	_, _ = name.Write([]byte(client + " " + strconv.Itoa(attempt)))
	dice := rand.New(rand.NewPCG(l.seed, name.Sum64())) //nolint:gosec // faults that can be had again, no secrets
	drawn := granted
	if chance := dice.IntN(100); !isShared(client) && chance >= 50 {
		drawn = passing
		if chance >= 85 {
			drawn = refused
		}
	}
	choice := l.faults[drawn]
	met := choice[dice.IntN(len(choice))]
	met.outcome = drawn
	return met
}

// of are the faults that a client met, in their order.
func (l *ledger) of(client string) []fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.attempts[client]
}

// judge tells what is wrong with the requests that one client made for as many
// calls: asking again where that was no use, more often than max_retries allows,
// or giving up while it would have been.
func judge(attempts []fault, calls int) error {
	questions, tries := 0, 0
	for _, met := range attempts {
		if tries++; tries == 1 {
			questions++
		}
		if met.outcome != passing || tries == maxRetries+1 {
			tries = 0
		}
	}
	switch {
	case questions == 0:
		return fmt.Errorf("no request, want some")
	case questions > calls:
		return fmt.Errorf("asked anew %d times for %d calls", questions, calls)
	case tries > 0:
		return fmt.Errorf("given up after %d attempts", tries)
	}
	return nil
}

// grants counts the tokens among the answers.
func grants(attempts []fault) int {
	count := 0
	for _, met := range attempts {
		if met.outcome == granted {
			count++
		}
	}
	return count
}
