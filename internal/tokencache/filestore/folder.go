// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package filestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// version is the folder below the user's that holds the entries, named after the format
// of its files.
const version = "v1"

// openFolder opens the folder of the entries below dir, and creates both if necessary. A
// root does not follow links that lead out of it, and opens files in the sharing mode
// that allows to replace them on Windows.
func openFolder(dir string) (*os.Root, error) {
	path := filepath.Join(dir, version)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the folder of the cache: %w", err)
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create the folder of the cache: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the cache: %w", err)
	}
	if !info.IsDir() { // a link is not
		return nil, fmt.Errorf("%s is not a folder: remove it, or choose another path for the cache", path)
	}
	if err := makePrivate(path, info); err != nil {
		return nil, err
	}
	return os.OpenRoot(path)
}
