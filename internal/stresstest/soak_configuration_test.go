// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package stresstest

import (
	"fmt"
	"strings"
)

const (
	pacePath = "/pace/"
	usePath  = "/use/"

	// runLength is the number of tokens in one run of terraform.
	runLength = 100
	// paces is the number of moments in a run at which shared tokens are requested.
	paces = 5
	// sharing is the number of clients of a run whose tokens are shared.
	sharing = 2
	// sharedPrefix begins the names of such clients.
	sharedPrefix = "shared"
)

// isShared reports whether several blocks use the token of a client.
func isShared(client string) bool { return strings.HasPrefix(client, sharedPrefix) }

// block is one ephemeral resource that requests a token.
type block struct {
	client string
	pace   int
}

// blocks returns those of one run. A fifth of them share tokens.
func blocks(run, count int) []block {
	var all []block
	for i := range count {
		one := block{client: fmt.Sprintf("own-%d-%d", run, i)}
		if i%5 == 0 {
			nth := i / 5
			one = block{client: fmt.Sprintf("%s-%d-%d", sharedPrefix, run, nth%sharing), pace: nth / sharing % paces}
		}
		all = append(all, one)
	}
	return all
}

// configuration requests a token for each block and uses it at once. The blocks are
// separate resources: if one of several instances failed, the tokens of the others
// would not be used.
func (s *server) configuration(all []block, secret string) string {
	var text strings.Builder
	fmt.Fprintf(&text, providerBlock, s.TokenURL(), secret, attemptTimeout.String(), maxRetries)
	for pace := range paces {
		var previous []string
		if pace > 0 {
			previous = append(previous, fmt.Sprintf("ephemeral.oauth2cc_request.pace%d", pace-1))
		}
		fmt.Fprintf(&text, paceBlock, pace, s.APIURL+pacePath, pace, strings.Join(previous, ""))
	}
	for i, one := range all {
		fmt.Fprintf(&text, tokenBlock, i, one.client, (lifetime / 2).String(), one.pace, i, s.APIURL+usePath+one.client, i)
	}
	return text.String()
}

const providerBlock = `
provider "oauth2cc" {
  token_endpoint = %q
  client_secret  = %q
  timeout        = %q
  max_retries    = %d
}
`

const paceBlock = `
ephemeral "oauth2cc_request" "pace%d" {
  url          = "%s%d"
  authenticate = false
  depends_on   = [%s]
}
`

const tokenBlock = `
ephemeral "oauth2cc_token" "t%d" {
  client_id    = %q
  min_validity = %q
  depends_on   = [ephemeral.oauth2cc_request.pace%d]
}

ephemeral "oauth2cc_request" "u%d" {
  url             = %q
  authenticate    = false
  request_headers = { Authorization = ephemeral.oauth2cc_token.t%d.authorization_header }
}
`

// clients counts the blocks of each client.
func clients(all []block) map[string]int {
	counts := map[string]int{}
	for _, one := range all {
		counts[one.client]++
	}
	return counts
}

// runs divides count blocks into runs, at least two: the first is a warm-up.
func runs(count int) [][]block {
	length := min(runLength, max(count/2, 1))
	var all [][]block
	for from := 0; from < count; from += length {
		all = append(all, blocks(len(all), min(length, count-from)))
	}
	return all
}
