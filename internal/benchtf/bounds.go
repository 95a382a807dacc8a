// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"fmt"
	"math"
)

// Bound is a figure that must not be larger than a limit.
type Bound struct {
	Figure string
	Limit  float64
	Value  float64 // not a number if it was not measured
}

// Verdict says whether the figure is within its limit.
func (b Bound) Verdict() string {
	switch {
	case math.IsNaN(b.Value):
		return "not measured"
	case b.Value <= b.Limit:
		return "met"
	}
	return "not met"
}

// Measured writes the figure, or nothing if it was not measured.
func (b Bound) Measured() string {
	if math.IsNaN(b.Value) {
		return ""
	}
	return fmt.Sprintf("%.2f", b.Value)
}

func (b Bound) String() string {
	return fmt.Sprintf("%-73s <= %.2f  %4s  %s", b.Figure, b.Limit, b.Measured(), b.Verdict())
}

// Numbers of tokens for which there are bounds.
const (
	many = 1000
	most = 5000
)

// bounds are those of runs with one client, and of the executable.
func (r *Results) bounds() []Bound {
	var all []Bound
	for _, kind := range []struct {
		name, blocks string
		limit        float64
	}{{dataKind, "data sources", 0.75}, {ephemeralKind, "ephemeral resources", 1}} {
		for _, figure := range []struct {
			name string
			of   measure
		}{{"wall time", wall}, {"CPU time", cpu}} {
			all = append(all, Bound{
				fmt.Sprintf("plan of 1,000 %s: %s over the floor's", kind.blocks, figure.name), kind.limit,
				r.ratio(Case{kind.name, many, 1}, plan, subject, figure.of),
			})
		}
		largest, smallest := Case{kind.name, most, 1}, Case{kind.name, 1, 1}
		all = append(all, Bound{
			fmt.Sprintf("memory of the provider, 5,000 %s over one", kind.blocks), 2,
			median(r.values(largest, plan, subject, providerMemory)) / median(r.values(smallest, plan, subject, providerMemory)),
		}, Bound{
			fmt.Sprintf("memory of the provider, 5,000 %s, over the floor's", kind.blocks), 0.5,
			r.ratio(largest, plan, subject, providerMemory),
		})
	}
	return append(all,
		Bound{"start-up, exec to handshake, with TLS as in Terraform, over the floor's", 1.05, pairedRatio(r.starts(subject, true), r.starts(floor, true))},
		Bound{"start-up, exec to handshake, without TLS, over the floor's", 1.05, pairedRatio(r.starts(subject, false), r.starts(floor, false))},
		Bound{"stripped executable: size over the floor's", 1.6, float64(r.Run.Sizes[subject]) / float64(r.Run.Sizes[floor])},
	)
}
