// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package soaktest

import (
	"fmt"
	"strings"
)

const (
	pacePath = "/pace/"
	usePath  = "/use/"

	// runLength is how many tokens one run of terraform asks for.
	runLength = 100
	// paces are how many times there are in a run at which tokens are asked for that
	// are shared.
	paces = 5
	// sharing is how many clients of a run share their tokens.
	sharing = 2
	// sharedPrefix begins the names of such clients.
	sharedPrefix = "shared"
)

// isShared tells whether a client's token is for several blocks.
func isShared(client string) bool { return strings.HasPrefix(client, sharedPrefix) }

// block is one ephemeral resource that asks for a token.
type block struct {
	client string
	pace   int
}

// blocks are those of one run. A fifth of them share tokens.
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

// configuration has a token for each block, and uses it at once. The blocks are
// resources of their own, as the failure of one of several instances would keep the
// other tokens from being used.
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

// clients are those of blocks, with the number of blocks of each.
func clients(all []block) map[string]int {
	counts := map[string]int{}
	for _, one := range all {
		counts[one.client]++
	}
	return counts
}

// runs are the blocks of each run, as many as tokens are to be asked for. There are
// two at the least: one to warm up.
func runs(count int) [][]block {
	length := min(runLength, max(count/2, 1))
	var all [][]block
	for from := 0; from < count; from += length {
		all = append(all, blocks(len(all), min(length, count-from)))
	}
	return all
}
