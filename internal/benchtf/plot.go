// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// Lengths in the plot, in pixels.
const (
	panelWidth, panelHeight = 190, 150
	left, top               = 64, 88 // beside and above each panel
	legendWidth             = 130
)

// colors is the number of colors for lines in the template.
const colors = 4

// drawing is what the template of the plot draws.
type drawing struct {
	Width, Height int
	Names         []text // of the lines
	Floor         text   // the name of the floor's
	Kinds         []text // above the panels of one kind
	Panels        []panel
}

// text is at a place in the drawing or in a panel. Its class is that of a line.
type text struct {
	X, Y, Class int
	Text        string
}

// panel shows one figure by number of tokens, with a line for each provider.
type panel struct {
	X, Y, Width, Height int
	Title               string
	Ratios, Tokens      []text // of the axes
	Floor               int    // where the ratio is 1
	Lines               []line
}

type line struct {
	Class  int
	Points string
	Dots   []text
}

// plot returns a drawing in SVG of the ratios to the floor of a plan with one client.
func (r *Results) plot() (string, error) {
	names := slices.DeleteFunc(distinct(r.Samples, func(s Sample) string { return s.Provider }),
		func(name string) bool { return name == floor })
	var all drawing
	for i, name := range names {
		all.Names = append(all.Names, text{left + i*legendWidth, 24, i % colors, name})
	}
	all.Floor = text{X: left + len(names)*legendWidth, Y: 24, Text: floor}
	for i, kind := range distinct(r.Samples, func(s Sample) string { return s.Kind }) {
		y := top + i*(panelHeight+top)
		all.Kinds = append(all.Kinds, text{left, y - 30, 0, kindTitles[kind]})
		for j, figure := range []struct {
			name string
			of   measure
		}{{"wall time", wall}, {"CPU time", cpu}, {"memory of the provider", providerMemory}} {
			one := r.panel(kind, names, figure.of)
			one.X, one.Y, one.Title = left+j*(panelWidth+left), y, figure.name
			all.Panels = append(all.Panels, one)
			all.Width = one.X + panelWidth + left/2
		}
		all.Height = y + panelHeight + top/2
	}
	layout, err := template.ParseFS(layouts, "plot.svg.tmpl")
	if err != nil {
		return "", err
	}
	var drawn strings.Builder
	err = layout.Execute(&drawn, all)
	return drawn.String(), err
}

// panel has the lines of one figure.
func (r *Results) panel(kind string, names []string, figure measure) panel {
	var counts []int
	for _, one := range distinct(r.Samples, func(s Sample) Case { return s.Case }) {
		if one.Kind == kind && one.Clients == 1 {
			counts = append(counts, one.Tokens)
		}
	}
	slices.Sort(counts)
	ratios, largest := make([][]float64, len(names)), 1.0
	for i, name := range names {
		for _, count := range counts {
			ratio := r.ratio(Case{kind, count, 1}, plan, name, figure)
			ratios[i] = append(ratios[i], ratio)
			if !math.IsNaN(ratio) {
				largest = max(largest, ratio)
			}
		}
	}
	step := 0.25
	for largest/step > 4 {
		step *= 2
	}
	highest := step * math.Ceil(largest/step+0.5)
	x := func(i int) int { return panelWidth * (2*i + 1) / (2 * len(counts)) }
	y := func(ratio float64) int { return int(math.Round(panelHeight * (1 - ratio/highest))) }

	all := panel{Width: panelWidth, Height: panelHeight, Floor: y(1)}
	for ratio := 0.0; ratio <= highest; ratio += step {
		all.Ratios = append(all.Ratios, text{-6, y(ratio), 0, fmt.Sprint(ratio)})
	}
	for i, count := range counts {
		all.Tokens = append(all.Tokens, text{x(i), panelHeight + 16, 0, number(count)})
	}
	for i := range names {
		one := line{Class: i % colors}
		for at, ratio := range ratios[i] {
			if !math.IsNaN(ratio) {
				one.Points += fmt.Sprintf("%d,%d ", x(at), y(ratio))
				one.Dots = append(one.Dots, text{x(at), y(ratio), i % colors, fmt.Sprintf("%.2f", ratio)})
			}
		}
		all.Lines = append(all.Lines, one)
	}
	return all
}
