// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"sync"
)

// maxRetries is the provider's max_retries.
const maxRetries = 3

// ledger chooses the fault for each token request, and records it.
type ledger struct {
	seed   uint64
	faults map[outcome][]fault

	mu       sync.Mutex
	attempts map[string][]fault // by client
}

// next returns the fault for the next request of a client. It depends on the seed, the
// client and the number of its requests alone.
func (l *ledger) next(client string) fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	met := l.draw(client, len(l.attempts[client]))
	l.attempts[client] = append(l.attempts[client], met)
	return met
}

// draw grants half of the requests, and all of those of clients whose token is shared:
// what these get depends on the time alone.
func (l *ledger) draw(client string, attempt int) fault {
	name := fnv.New64a()
	_, _ = name.Write([]byte(client + " " + strconv.Itoa(attempt)))
	dice := rand.New(rand.NewPCG(l.seed, name.Sum64())) //nolint:gosec // reproducible faults, not secrets
	drawn := granted
	if chance := dice.IntN(100); !isShared(client) && chance >= 50 {
		drawn = transient
		if chance >= 85 {
			drawn = refused
		}
	}
	choice := l.faults[drawn]
	met := choice[dice.IntN(len(choice))]
	met.outcome = drawn
	return met
}

// of returns the faults that a client met, in order.
func (l *ledger) of(client string) []fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.attempts[client]
}

// judge checks the attempts of one client for a number of calls. A retry after a
// refusal, more retries than max_retries allows, and giving up early are errors.
func judge(attempts []fault, calls int) error {
	requests, attempt := 0, 0
	for _, met := range attempts {
		if attempt++; attempt == 1 {
			requests++
		}
		if met.outcome != transient || attempt == maxRetries+1 {
			attempt = 0
		}
	}
	switch {
	case requests == 0:
		return errors.New("no request")
	case requests > calls:
		return fmt.Errorf("%d requests for %d calls", requests, calls)
	case attempt > 0:
		return fmt.Errorf("gave up after %d attempts", attempt)
	}
	return nil
}

// grants counts the tokens among the responses.
func grants(attempts []fault) int {
	count := 0
	for _, met := range attempts {
		if met.outcome == granted {
			count++
		}
	}
	return count
}
