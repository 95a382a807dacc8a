// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// FuzzLoad loads a file of any content. What is taken for an entry has time left,
// and its data is what remains of the file after a header of 20 bytes.
func FuzzLoad(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	dir := f.TempDir()
	store := open(f, dir, func() time.Time { return now })
	path := filepath.Join(dir, "v1", key)
	save(f, store, key, "token")
	saved, err := os.ReadFile(path)
	must(f, err)
	f.Add(saved)
	f.Fuzz(func(t *testing.T, content []byte) {
		must(t, os.WriteFile(path, content, 0o600))
		data, left, err := store.Load(t.Context(), key)
		switch {
		case errors.Is(err, tokencache.ErrDamaged), errors.Is(err, tokencache.ErrNotFound):
		case err != nil:
			t.Errorf("got %v", err)
		case left <= 0 || len(data) > tokencache.MaxSize || !bytes.Equal(data, content[16:]):
			t.Errorf("loaded %d bytes that last for %v from %d", len(data), left, len(content))
		}
		if err != nil && data != nil {
			t.Errorf("%d bytes beside an error", len(data))
		}
	})
}
