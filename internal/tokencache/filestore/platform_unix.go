// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package filestore

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/privatefile"
)

// noFollow makes opening a link fail.
const noFollow = syscall.O_NOFOLLOW

// makePrivate removes the permissions of others from a folder of this user. A folder of
// somebody else, who could grant them again, is an error.
func makePrivate(path string, info fs.FileInfo) error {
	if err := privatefile.CheckOwner(info); err != nil {
		return fmt.Errorf("%s %w: choose another path for the cache", path, err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(path, 0o700) //nolint:gosec // a folder without x cannot be used
}
