// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

// faultTable has a line for each operation and each fault that can befall it. A new
// fault is added to it by hand, as far as the operation and the fault; -update
// completes the line.
const faultTable = "testdata/faults.txt"

// faultCell names an operation and a fault that befalls it.
type faultCell struct{ operation, fault string }

// find returns the operation and the fault.
func (at faultCell) find(t *testing.T, secrets secrets) (operation, fault) {
	t.Helper()
	i := slices.IndexFunc(operations, func(o operation) bool { return o.name == at.operation })
	fault, ok := faults(secrets)[at.fault]
	if i < 0 || !ok {
		t.Fatalf("%s: there is no operation %q or no fault %q", faultTable, at.operation, at.fault)
	}
	return operations[i], fault
}

// proseFile is the file, under testdata, of the diagnostics in full.
func (at faultCell) proseFile() string {
	return path.Join("faults", goldenName.Replace(at.fault)+".txt")
}

// outcome is the rest of a line: attribute, summary and number of requests.
type outcome struct{ attribute, summary, requests string }

func outcomeOf(shown diagnostics, requests int) outcome {
	var attributes, summaries []string
	for _, one := range shown {
		attributes = append(attributes, pathText(one.Attribute))
		summary, _, _ := strings.Cut(diagnostics{one}.String(), "\n")
		summaries = append(summaries, summary)
	}
	return outcome{strings.Join(attributes, ", "), strings.Join(summaries, ", "), fmt.Sprint(requests)}
}

// faultCells are the lines of the table.
type faultCells struct {
	outcomes map[faultCell]outcome
	comments string

	mu      sync.Mutex
	updated map[faultCell]outcome
}

// readFaultCells reads the table, and writes it when the test ends if it was updated.
func readFaultCells(t *testing.T) *faultCells {
	t.Helper()
	text, err := os.ReadFile(faultTable)
	if err != nil {
		t.Fatal(err)
	}
	c := &faultCells{outcomes: map[faultCell]outcome{}, updated: map[faultCell]outcome{}}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			c.comments += line
			continue
		}
		columns := append(strings.Split(line, "|"), "", "", "", "")
		for i := range columns {
			columns[i] = strings.TrimSpace(columns[i])
		}
		c.outcomes[faultCell{columns[0], columns[1]}] = outcome{columns[2], columns[3], columns[4]}
	}
	t.Cleanup(func() {
		if len(c.updated) > 0 {
			c.write(t)
		}
	})
	return c
}

// set updates a line.
func (c *faultCells) set(at faultCell, to outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.updated[at] = to
}

// write writes the table, in the order of the operations.
func (c *faultCells) write(t *testing.T) {
	t.Helper()
	text := c.comments
	for _, operation := range operations {
		var lines []string
		for at, outcome := range c.outcomes {
			if updated, ok := c.updated[at]; ok {
				outcome = updated
			}
			if at.operation == operation.name {
				lines = append(lines, fmt.Sprintf("%-11s | %-27s | %-15s | %-73s | %s\n",
					at.operation, at.fault, outcome.attribute, outcome.summary, outcome.requests))
			}
		}
		slices.Sort(lines)
		text += strings.Join(lines, "")
	}
	if err := os.WriteFile(faultTable, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}
