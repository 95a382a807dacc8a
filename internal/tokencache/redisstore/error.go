// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// What can be wrong with a server, by what to do about it. Every error of the
// store's methods is one of these, the caller's own that ended its context, or
// tells of a value that is too large.
var (
	// ErrUnavailable: it cannot be reached, is too slow, or gives no usable answer.
	ErrUnavailable = errors.New("redis is not available")
	// ErrTLS: it does not speak TLS, cannot be trusted, or does not trust us.
	ErrTLS = errors.New("redis cannot be reached with tls")
	// ErrDenied: it does not know the user or the password, or the user lacks a
	// right that the package's documentation lists.
	ErrDenied = errors.New("redis denies access")
	// ErrFull: it takes no data, for want of memory or because it is a replica.
	ErrFull = errors.New("redis does not store data")
)

// The codes with which servers refuse. Where a script met the refusal, the code
// may stand anywhere in the text.
var (
	denied = regexp.MustCompile(`\b(?:NOAUTH|WRONGPASS|NOPERM)\b|^ERR AUTH|user executing the script`)
	full   = regexp.MustCompile(`\b(?:OOM|READONLY|MISCONF|NOREPLICAS)\b`)
	other  = regexp.MustCompile(`\bWRONGTYPE\b`)
)

// maxShown bounds what is shown of a text from outside, in bytes.
const maxShown = 200

// cleaner makes errors that can be shown.
type cleaner struct{ redactor *secret.Redactor }

func newCleaner(secrets ...secret.String) cleaner { return cleaner{secret.NewRedactor(secrets...)} }

// explain returns an error of one of the classes. It does not wrap the cause, whose
// text has not been cleaned.
func (c cleaner) explain(err error) error {
	if err == nil {
		return nil
	}
	class := classify(err)
	text := strings.TrimPrefix(err.Error(), class.Error()+": ")
	return fmt.Errorf("%w: %s", class, c.show(text))
}

// classify finds out what is wrong.
func classify(err error) error {
	var reply redis.Error
	switch {
	case errors.Is(err, ErrTLS):
		return ErrTLS
	case errors.As(err, &reply) && denied.MatchString(reply.Error()):
		return ErrDenied
	case errors.As(err, &reply) && full.MatchString(reply.Error()):
		return ErrFull
	case errors.As(err, &reply) && other.MatchString(reply.Error()):
		return tokencache.ErrDamaged // somebody else has something under the key
	}
	return ErrUnavailable
}

// show cleans a text that may come from the server, and may repeat what it was
// sent.
func (c cleaner) show(text string) string { return c.redactor.Excerpt(text, maxShown) }
