// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// requestValues are as many secrets as requests have: a password, its header
// field, and an assertion.
func requestValues() []string {
	return []string{canary, "Basic YzRuL3J5Kzw+JiLDqQ==", strings.Repeat("YzRuL3J5Kz", 80), "tenant-of-example", "SplxlOBeZQQYbYS6WxSbIA"}
}

func BenchmarkNewRedactor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		redactorOf(requestValues()...)
	}
}

// benchTexts are texts of all kinds: "packed" looks like base64, "escaped" is full
// of escape sequences.
var benchTexts = map[string]string{
	"words":   "the client is not allowed to use this grant; ask the administrator. ",
	"packed":  "U3BseGxPQmVaUVFZYllTNld4U2JJQWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
	"escaped": `a%20client%2520may\"not\u0020use &lt;this&gt; 0123456789abcdef%5c\u0022`,
	"JSON":    "{\n  \"error\": \"no\",\n  \"request\": \"{\\\"client\\\":\\\"s6BhdRkqt3\\\"}\"\n},\n",
}

// BenchmarkRedactKnown shows that time and memory are linear: ns/byte hardly depends on the
// size.
func BenchmarkRedactKnown(b *testing.B) {
	for _, kind := range slices.Sorted(maps.Keys(benchTexts)) {
		for _, size := range []int{64 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("text=%s/KiB=%d", kind, size>>10), func(b *testing.B) {
				redactor := redactorOf(requestValues()...)
				body := strings.Repeat(benchTexts[kind], size/len(benchTexts[kind])+1)[:size]
				b.ReportAllocs()
				for b.Loop() {
					redactor.RedactKnown(body)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/byte")
			})
		}
	}
}

// BenchmarkExcerpt shows that an excerpt costs the same of any text.
func BenchmarkExcerpt(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("KiB=%d", size>>10), func(b *testing.B) {
			redactor := redactorOf(requestValues()...)
			body := strings.Repeat(benchTexts["words"], size/60)
			b.ReportAllocs()
			for b.Loop() {
				redactor.Excerpt(body, 512)
			}
		})
	}
}
