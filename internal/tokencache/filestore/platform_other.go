// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

//go:build !unix

package filestore

import "io/fs"

// noFollow has no equivalent here. Only the user can create links in the user's folder.
const noFollow = 0

// makePrivate relies on the access control list that a folder inherits: below a user's
// profile it permits only that user.
func makePrivate(string, fs.FileInfo) error { return nil }
