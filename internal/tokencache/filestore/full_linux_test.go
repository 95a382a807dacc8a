// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
)

func init() { children["save without space"] = saveWithoutSpace }

// saveWithoutSpace saves more than there is space for: the limit of this process
// for the size of a file is reached in the middle of a write, as the end of a disk
// would be.
func saveWithoutSpace(store *filestore.Store) error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}); err != nil {
		return err
	}
	err := store.Save(context.Background(), key, make([]byte, 10_000), time.Hour)
	if !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("got %w, want %w", err, syscall.EFBIG)
	}
	return nil
}

func TestNoSpaceLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir, time.Now)
	save(t, store, key, "token")
	if err := child(t, "save without space", dir).Run(); err != nil {
		t.Error(err)
	}
	wants(t, store, key, "token")
	if got := entries(t, dir); !slices.Equal(got, []string{key}) {
		t.Errorf("left %s", got)
	}
}
