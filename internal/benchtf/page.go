// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"embed"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed page.md.tmpl plot.svg.tmpl
var layouts embed.FS

// Names of the files of a page.
const (
	resultsName = "results.jsonl"
	pageName    = "README.md"
	plotName    = "ratios.svg"
)

// makePage makes the page and its plot from the results in the same directory.
func makePage(directory string) (*Results, error) {
	results, err := readResults(filepath.Join(directory, resultsName))
	if err != nil {
		return nil, err
	}
	files, err := results.files()
	for name, text := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644)) //nolint:gosec // it is published
	}
	return results, err
}

// files returns the page and its plot, by name.
func (r *Results) files() (map[string]string, error) {
	text, err := r.page()
	if err != nil {
		return nil, err
	}
	drawing, err := r.plot()
	return map[string]string{pageName: text, plotName: drawing}, err
}

// page returns the page in Markdown.
func (r *Results) page() (string, error) {
	var text strings.Builder
	layout, err := template.New("page.md.tmpl").Funcs(template.FuncMap{"number": number, "title": title}).ParseFS(layouts, "page.md.tmpl")
	if err != nil {
		return "", err
	}
	err = layout.Execute(&text, map[string]any{
		"Run": r.Run, "Bounds": r.bounds(), "Starts": r.startRows(), "Tables": r.tables(), "Peers": len(r.Run.Sizes) > 2,
	})
	return text.String(), err
}

// table has the samples of one kind and number of clients.
type table struct {
	Kind    string
	Clients int
	Rows    []row
}

// row has the medians of one command with one provider, and the ratios to the floor.
type row struct {
	Tokens                    int
	Command, Provider         string
	Wall, CPU, ProviderCPU    string
	CLIMemory, ProviderMemory string
	Requests, Connections     string
}

func (r *Results) tables() []table {
	var all []table
	for _, one := range distinct(r.Samples, func(s Sample) Case { return Case{Kind: s.Kind, Clients: s.Clients} }) {
		found := table{Kind: one.Kind, Clients: one.Clients}
		for _, s := range distinct(r.Samples, func(s Sample) Sample {
			return Sample{Case: s.Case, Command: s.Command, Provider: s.Provider}
		}) {
			if s.Kind == one.Kind && s.Clients == one.Clients {
				found.Rows = append(found.Rows, r.row(s.Case, s.Command, s.Provider))
			}
		}
		all = append(all, found)
	}
	return all
}

func (r *Results) row(of Case, command, provider string) row {
	cell := func(format string, figure measure) string {
		text := fmt.Sprintf(format, median(r.values(of, command, provider, figure)))
		if ratio := r.ratio(of, command, provider, figure); provider != floor && !math.IsNaN(ratio) {
			text += fmt.Sprintf(" (%.2f)", ratio)
		}
		return text
	}
	count := func(figure measure) string {
		return fmt.Sprintf("%.0f", median(r.values(of, command, provider, figure)))
	}
	return row{
		of.Tokens, command, provider,
		cell("%.2f", wall), cell("%.2f", cpu), cell("%.2f", providerCPU),
		cell("%.0f", cliMemory), cell("%.0f", providerMemory),
		count(func(s Sample) float64 { return float64(s.Requests) }),
		count(func(s Sample) float64 { return float64(s.Connections) }),
	}
}

// startRow has the starts and the size of one provider.
type startRow struct {
	Provider     string
	TLS, NoTLS   string // milliseconds
	Megabytes    string
	StartsNumber int
}

func (r *Results) startRows() []startRow {
	var all []startRow
	for _, one := range r.Starts {
		if !one.TLS {
			continue
		}
		found := startRow{Provider: one.Provider, StartsNumber: len(one.Seconds)}
		found.TLS, found.NoTLS = r.startCell(one.Provider, true), r.startCell(one.Provider, false)
		found.Megabytes = fmt.Sprintf("%.1f", float64(r.Run.Sizes[one.Provider])/1e6)
		if one.Provider != floor {
			found.Megabytes += fmt.Sprintf(" (%.2f)", float64(r.Run.Sizes[one.Provider])/float64(r.Run.Sizes[floor]))
		}
		all = append(all, found)
	}
	return all
}

func (r *Results) startCell(provider string, withTLS bool) string {
	text := fmt.Sprintf("%.1f", 1000*median(r.starts(provider, withTLS)))
	if provider != floor {
		text += fmt.Sprintf(" (%.2f)", pairedRatio(r.starts(provider, withTLS), r.starts(floor, withTLS)))
	}
	return text
}

// number writes a whole number with commas.
func number(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", number(n/1000), n%1000)
}

// kindTitles are the headings of kinds.
var kindTitles = map[string]string{dataKind: "Data sources", ephemeralKind: "Ephemeral resources"}

// title is the heading of a table.
func title(one table) string {
	if one.Clients == 1 {
		return kindTitles[one.Kind] + ", one client"
	}
	return fmt.Sprintf("%s, %s clients", kindTitles[one.Kind], number(one.Clients))
}
