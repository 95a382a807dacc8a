// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Package tokenfile keeps a file whose content is a token that is still good: it is
// replaced in time, and removed at the end. The package knows neither what a token is
// nor how to get one.
package tokenfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/privatefile"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
)

// Content is what a file holds for a while.
type Content struct {
	// Value is written as it is, without a line break.
	Value secret.String
	// IssuedAt and ExpiresAt are when the value begins and ceases to be valid. If
	// ExpiresAt is the zero time, that is unknown.
	IssuedAt, ExpiresAt time.Time
}

// Config configures a [File]. First, Now and Logger are required.
type Config struct {
	// Path is where the file is. Its folder must exist, and a regular file of this user
	// is replaced. If it is empty, the file is in a new temporary folder.
	Path string
	// First is the first content.
	First Content
	// MinValidity is how long the content must remain valid, if its lifetime allows that.
	MinValidity time.Duration
	// Next gets the content that replaces one which has been due since a time. It returns
	// soon after its context ends, and its error holds no secret. If it is nil, the content
	// is never replaced.
	Next func(ctx context.Context, since time.Time) (Content, error)
	// Now is the clock by which contents expire.
	Now func() time.Time
	// Logger receives failures.
	Logger *slog.Logger
}

// PathError reports that there can be no file at a path.
type PathError struct {
	Path string
	// Err says why, and follows the path.
	Err error
}

// Error implements error.
func (e *PathError) Error() string { return e.Path + " " + e.Err.Error() }

// Unwrap returns the reason.
func (e *PathError) Unwrap() error { return e.Err }

// Reasons of a [*PathError], beside those of the operating system.
var (
	// ErrNoFolder reports that the folder does not exist or is none.
	ErrNoFolder = errors.New("is in a folder that cannot be opened")
	// ErrNotRegular reports a link, a folder, or anything else that is not a file.
	ErrNotRegular = errors.New("is not a regular file")
	// ErrOtherUser reports a file of another user.
	ErrOtherUser = errors.New("is the file of another user")
	// ErrInUse reports that another [File] of this process has the path.
	ErrInUse = errors.New("is in use by another block")
)

// File is a file whose content is replaced until Close. Make one with [Open].
type File struct {
	config Config
	path   string
	folder *os.Root
	inside fs.FileInfo // of the folder
	name   string      // in the folder
	own    bool        // the folder is temporary

	cancel context.CancelFunc // ends the replacements
	ended  chan struct{}      // closed when they have ended

	mu      sync.Mutex
	closed  bool
	written fs.FileInfo // of the file as it was written last
	content secret.String
	failed  int // replacements
	failure error
}

// openFiles are those of this process.
var openFiles struct {
	sync.Mutex
	all []*File
}

// Open writes the first content, and replaces it until [File.Close]. The values of ctx,
// but not its end, apply to that too. The error is a [*PathError] if the path is not
// usable.
func Open(ctx context.Context, config Config) (*File, error) {
	f := &File{config: config, path: config.Path, ended: make(chan struct{})}
	if err := f.create(); err != nil {
		if f.own {
			_ = os.RemoveAll(filepath.Dir(f.path))
		}
		return nil, err
	}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go f.follow(ctx)
	return f, nil
}

// create opens the folder, checks what is at the path, and writes the file.
func (f *File) create() (err error) {
	if f.path == "" {
		folder, err := os.MkdirTemp("", "oauth2cc-") // 0700
		if err != nil {
			return &PathError{os.TempDir(), fmt.Errorf("has no place for a folder: %w", reason(err))}
		}
		f.own, f.path = true, filepath.Join(folder, "token")
	}
	absolute, err := filepath.Abs(f.path)
	if err != nil {
		return &PathError{f.path, err}
	}
	f.name = filepath.Base(absolute)
	if f.folder, err = os.OpenRoot(filepath.Dir(absolute)); err != nil {
		return &PathError{f.path, fmt.Errorf("%w: %w", ErrNoFolder, reason(err))}
	}
	openFiles.Lock()
	defer openFiles.Unlock()
	if err = f.check(); err != nil {
		err = &PathError{f.path, err}
	} else {
		err = f.write(f.config.First)
	}
	if err != nil {
		_ = f.folder.Close()
		return err
	}
	openFiles.all = append(openFiles.all, f)
	return nil
}

// check reports what is at the path if it may not be replaced.
func (f *File) check() (err error) {
	if f.inside, err = f.folder.Stat("."); err != nil {
		return reason(err)
	}
	for _, other := range openFiles.all {
		if f.sameName(other.name) && os.SameFile(f.inside, other.inside) {
			return ErrInUse
		}
	}
	info, err := f.folder.Lstat(f.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return reason(err)
	case !info.Mode().IsRegular():
		return ErrNotRegular
	case privatefile.CheckOwner(info) != nil:
		return ErrOtherUser
	default:
		return nil
	}
}

// sameName reports whether the name of another file is the same in one folder. File
// systems of Windows and macOS usually ignore case.
func (f *File) sameName(other string) bool {
	ignoresCase := runtime.GOOS == "windows" || runtime.GOOS == "darwin"
	return f.name == other || ignoresCase && strings.EqualFold(f.name, other)
}

// reason is an error of the operating system without the path, which is said elsewhere.
func reason(err error) error {
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		return failure.Err
	}
	return err
}

// Path is the configured path, or else that in the temporary folder.
func (f *File) Path() string { return f.path }

// write writes a content, unless the file is closed. The error is a [*PathError].
func (f *File) write(content Content) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return &PathError{f.path, fs.ErrClosed}
	}
	err := privatefile.Replace(f.folder, f.name, []byte(content.Value.Reveal()))
	if err == nil {
		f.content = content.Value
		f.written, err = f.folder.Lstat(f.name)
	}
	if err != nil {
		return &PathError{f.path, fmt.Errorf("cannot be written: %w", reason(err))}
	}
	return nil
}

// Failures returns how many replacements have failed so far, and why the last one did.
func (f *File) Failures() (failed int, last error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed, f.failure
}

// Close removes the file, and a temporary folder with everything in it, and ends the
// replacements. A file that somebody else has put in its place stays. Close is called
// once, and its error is a [*PathError].
func (f *File) Close(ctx context.Context) error {
	f.cancel()
	err := f.remove()
	select {
	case <-f.ended:
	case <-ctx.Done():
	}
	if err != nil {
		return &PathError{f.path, fmt.Errorf("cannot be removed: %w", reason(err))}
	}
	return nil
}

// remove removes the file for good.
func (f *File) remove() (err error) {
	openFiles.Lock()
	defer openFiles.Unlock()
	openFiles.all = slices.DeleteFunc(openFiles.all, func(other *File) bool { return other == f })
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.isOurs() {
		err = f.folder.Remove(f.name)
	}
	_ = f.folder.Close()
	if f.own {
		err = os.RemoveAll(filepath.Dir(f.path))
	}
	return err
}

// isOurs reports whether the file is there as it was written last. The number of a file
// may be used again, so that its content decides.
func (f *File) isOurs() bool {
	info, err := f.folder.Lstat(f.name)
	if err != nil || !os.SameFile(info, f.written) || info.Size() != int64(len(f.content.Reveal())) || !info.Mode().IsRegular() {
		return false
	}
	content, err := f.folder.ReadFile(f.name)
	return err == nil && string(content) == f.content.Reveal()
}
