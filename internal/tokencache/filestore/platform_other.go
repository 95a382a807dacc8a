// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package filestore

import (
	"io/fs"
	"os"

	"github.com/gofrs/flock"
)

// noFollow has no equivalent here. Only the user can create links in the user's folder.
const noFollow = 0

// makePrivate relies on the access control list that a folder inherits: below a user's
// profile it permits only that user.
func makePrivate(string, fs.FileInfo) error { return nil }

// discard releases a lock and removes its file, in this order: a file that is open cannot
// be removed here.
func discard(folder *os.Root, name string, lock *flock.Flock) {
	_ = lock.Close()
	_ = folder.Remove(name) // what stays is swept later
}
