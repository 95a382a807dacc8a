// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		values []float64
		want   float64
	}{
		"none": {nil, math.NaN()},
		"one":  {[]float64{3}, 3},
		"odd":  {[]float64{9, 1, 2}, 2},
		"even": {[]float64{9, 1, 2, 4}, 3},
	} {
		if got := median(row.values); !same(got, row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func TestPairedRatio(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		values, bases []float64
		want          float64
	}{
		"none":            {nil, nil, math.NaN()},
		"a slow round":    {[]float64{1, 4, 1}, []float64{2, 8, 2}, 0.5},
		"a slow command":  {[]float64{1, 4, 1}, []float64{2, 2, 2}, 0.5},
		"a round missing": {[]float64{1, 4}, []float64{2, 2, 2}, math.NaN()},
	} {
		if got := pairedRatio(row.values, row.bases); !same(got, row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func same(got, want float64) bool {
	return math.Abs(got-want) < 1e-9 || math.IsNaN(got) && math.IsNaN(want)
}

// TestBounds holds what the results in testdata, which are made up, come to.
func TestBounds(t *testing.T) {
	t.Parallel()
	results, err := readResults("testdata/results.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		value   float64
		verdict string
	}{
		{0.6, "met"},                 // of the wall times 0.5, 0.6 and 0.7
		{0.6, "met"},                 // 2.4 / 4
		{math.NaN(), "not measured"}, // 5,000 data sources
		{math.NaN(), "not measured"},
		{1.2, "not met"}, // 3 / 2.5
		{0.75, "met"},
		{math.NaN(), "not measured"}, // one ephemeral resource
		{0.15, "met"},                // 60 / 400
		{1, "met"},                   // of the starts 1.1, 1 and 0.9
		{1.25, "not met"},
		{28. / 18, "met"},
	}
	for i, got := range results.bounds() {
		if !same(got.Value, want[i].value) || got.Verdict() != want[i].verdict {
			t.Errorf("%v, want %.2f %s", got, want[i].value, want[i].verdict)
		}
	}
}

func TestUnfinishedRun(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), resultsName)
	if err := os.WriteFile(path, []byte(`{"starts":{"provider":"floor"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readResults(path); err == nil || !strings.Contains(err.Error(), "did not finish") {
		t.Errorf("%v, want an error", err)
	}
}

// TestPage holds that the pages are those of their results. With -update it makes them.
func TestPage(t *testing.T) {
	t.Parallel()
	for _, directory := range []string{"testdata", "../../benchmarks"} {
		if *update {
			if _, err := makePage(directory); err != nil {
				t.Fatal(err)
			}
		}
		results, err := readResults(filepath.Join(directory, resultsName))
		if err != nil {
			t.Fatal(err)
		}
		files, err := results.files()
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join(directory, name))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != want {
				t.Errorf("%s in %s is not made from its results: run the test with -update", name, directory)
			}
		}
	}
}
