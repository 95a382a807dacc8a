// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package filestore

import (
	"io/fs"
	"os"

	"github.com/gofrs/flock"
)

// noFollow has no equal here. Who may create links in a user's folder is that user.
const noFollow = 0

// makePrivate leaves it to the access control list that a folder inherits: below a
// user's profile it lets in that user alone.
func makePrivate(string, fs.FileInfo) error { return nil }

// discard gives up a lock and removes its file. In this order, because a file that
// anybody has open for a lock cannot be removed here.
func discard(folder *os.Root, name string, lock *flock.Flock) {
	_ = lock.Close()
	_ = folder.Remove(name) // what stays is swept another time
}
