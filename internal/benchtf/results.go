// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
)

// Names of providers and commands in results.
const (
	floor   = "floor"
	subject = "oauth2cc"
	plan    = "plan"
)

// Kinds of blocks.
const (
	dataKind      = "data"
	ephemeralKind = "ephemeral"
)

// Case is a configuration: blocks of one kind, divided evenly among clients.
type Case struct {
	Kind    string `json:"kind"`
	Tokens  int    `json:"tokens"` // blocks, each of which gets a token
	Clients int    `json:"clients"`
}

// Sample is what one command used.
type Sample struct {
	Case

	Command  string `json:"command"`
	Round    int    `json:"round"`
	Provider string `json:"provider"`

	Wall           float64 `json:"wall_s"`
	CPU            float64 `json:"cpu_s"` // of the CLI and the provider
	ProviderCPU    float64 `json:"provider_cpu_s"`
	CLIMemory      float64 `json:"cli_mib"`      // peak resident memory
	ProviderMemory float64 `json:"provider_mib"` // of the largest of its processes
	Requests       int     `json:"token_requests"`
	Connections    int     `json:"connections"`
}

// Starts are the times from exec to handshake, one for each round, in seconds.
type Starts struct {
	Provider string    `json:"provider"`
	TLS      bool      `json:"tls"` // as Terraform starts providers
	Seconds  []float64 `json:"seconds"`
}

// Run describes a whole run of the benchmark.
type Run struct {
	Version string           `json:"version"` // of this provider
	CLI     string           `json:"cli"`
	Go      string           `json:"go"`
	Machine string           `json:"machine"`
	Rounds  int              `json:"rounds"`
	Minutes float64          `json:"minutes"`
	Sizes   map[string]int64 `json:"sizes"` // of the executables, in bytes
}

// Record is a line of a file of results. One of its fields is set. The Run is the last
// line, without which the run did not finish.
type Record struct {
	Sample *Sample `json:"sample,omitempty"`
	Starts *Starts `json:"starts,omitempty"`
	Run    *Run    `json:"run,omitempty"`
}

// Results are those of one run.
type Results struct {
	Run     *Run
	Starts  []Starts
	Samples []Sample
}

// readResults reads a file of results.
func readResults(path string) (*Results, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a result of this benchmark
	if err != nil {
		return nil, err
	}
	var results Results
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var one Record
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		switch {
		case one.Sample != nil:
			results.Samples = append(results.Samples, *one.Sample)
		case one.Starts != nil:
			results.Starts = append(results.Starts, *one.Starts)
		default:
			results.Run = one.Run
		}
	}
	if results.Run == nil {
		return nil, fmt.Errorf("%s: the run did not finish", path)
	}
	return &results, nil
}

// measure is a figure of a sample.
type measure func(Sample) float64

func wall(s Sample) float64           { return s.Wall }
func cpu(s Sample) float64            { return s.CPU }
func providerCPU(s Sample) float64    { return s.ProviderCPU }
func cliMemory(s Sample) float64      { return s.CLIMemory }
func providerMemory(s Sample) float64 { return s.ProviderMemory }

// values returns a figure of each round of one command.
func (r *Results) values(of Case, command, provider string, figure measure) []float64 {
	var found []float64
	for _, one := range r.Samples { // in the order of rounds
		if one.Case == of && one.Command == command && one.Provider == provider {
			found = append(found, figure(one))
		}
	}
	return found
}

// ratio returns the median over the rounds of what a provider took over what the floor
// took in the same round. In a round, the machine was equally busy for both.
func (r *Results) ratio(of Case, command, provider string, figure measure) float64 {
	return pairedRatio(r.values(of, command, provider, figure), r.values(of, command, floor, figure))
}

// starts returns the starts of a provider.
func (r *Results) starts(provider string, withTLS bool) []float64 {
	for _, one := range r.Starts {
		if one.Provider == provider && one.TLS == withTLS {
			return one.Seconds
		}
	}
	return nil
}

// pairedRatio returns the median of values over bases, which are in the same order. It
// is not a number unless there are as many of both.
func pairedRatio(values, bases []float64) float64 {
	if len(values) != len(bases) {
		return math.NaN()
	}
	var ratios []float64
	for i, value := range values {
		ratios = append(ratios, value/bases[i])
	}
	return median(ratios)
}

// median is not a number if there are no values.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// distinct returns what occurs in the samples, in order of first occurrence.
func distinct[T comparable](samples []Sample, of func(Sample) T) []T {
	var found []T
	for _, one := range samples {
		if value := of(one); !slices.Contains(found, value) {
			found = append(found, value)
		}
	}
	return found
}
