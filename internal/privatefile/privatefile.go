// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package privatefile writes files that only this user can read, and finds out whose
// files are. It does not know what is in them.
package privatefile

import (
	"crypto/rand"
	"errors"
	"os"
)

// TempSuffix ends the name of a file that is being written.
const TempSuffix = ".tmp"

// Replace replaces a file in folder, or creates it. All of it is on the disk before the
// file gets its name, so that readers see the old content or the new, and no crash
// leaves part of it under that name. A link is replaced, not followed.
func Replace(folder *os.Root, name string, content []byte) error {
	temp := name + "." + rand.Text() + TempSuffix
	file, err := folder.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = fill(file, content); err == nil {
		err = folder.Rename(temp, name)
	}
	if err != nil {
		_ = folder.Remove(temp) // a file that stays has TempSuffix
	}
	return err
}

// fill writes a file to the disk and closes it.
func fill(file *os.File, content []byte) error {
	_, err := file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
