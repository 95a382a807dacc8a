// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package secret_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// requestValues are as many secrets as requests have: a password, its header
// field, and an assertion.
func requestValues() []string {
	return []string{canary, "Basic YzRuL3J5Kzw+JiLDqQ==", strings.Repeat("YzRuL3J5Kz", 80), "tenant-of-example", "SplxlOBeZQQYbYS6WxSbIA"}
}

func BenchmarkNewRedactor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		secret.NewRedactor(requestValues()...)
	}
}

// BenchmarkRedact takes texts in which much can be decoded: "packed" looks like
// base64, "escaped" is full of escape sequences.
func BenchmarkRedact(b *testing.B) {
	texts := map[string]string{
		"words":   "the client is not allowed to use this grant; ask the administrator. ",
		"packed":  "U3BseGxPQmVaUVFZYllTNld4U2JJQWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
		"escaped": `a%20client%2520may\"not\u0020use &lt;this&gt; 0123456789abcdef%5c\u0022`,
	}
	for name, text := range texts {
		for _, size := range []int{256, 64 << 10, 1 << 20} {
			b.Run(fmt.Sprint(name, "/", size), func(b *testing.B) {
				redactor := secret.NewRedactor(requestValues()...)
				body := strings.Repeat(text, size/len(text)+1)[:size]
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					redactor.Redact(body)
				}
			})
		}
	}
}
