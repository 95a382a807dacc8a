// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
)

// What can be wrong with a server, by what to do about it. Every error of the
// store's methods is one of these, the cause of a context that ended, or reports a
// value that is too large or damaged.
var (
	// ErrUnavailable means that the server cannot be reached, is too slow, closes the
	// connection, or sends no usable reply.
	ErrUnavailable = errors.New("redis is unavailable")
	// ErrTLS means that the server does not speak TLS, is not trusted, or does not
	// trust the client.
	ErrTLS = errors.New("the TLS connection to redis failed")
	// ErrDenied means that the server does not know the user or the password, or that
	// the user lacks a permission that the package's documentation lists.
	ErrDenied = errors.New("redis denies access")
	// ErrFull means that the server accepts no writes, for lack of memory or because
	// it is a replica.
	ErrFull = errors.New("redis does not accept writes")
)

// The codes with which servers refuse. If a script was refused, the code may stand
// anywhere in the text.
var (
	denied = regexp.MustCompile(`\b(?:NOAUTH|WRONGPASS|NOPERM)\b|^ERR AUTH|user executing the script`)
	full   = regexp.MustCompile(`\b(?:OOM|READONLY|MISCONF|NOREPLICAS)\b`)
	other  = regexp.MustCompile(`\bWRONGTYPE\b`)
)

// maxShown bounds what is shown of a text from outside, in bytes.
const maxShown = 200

// explain returns an error of one of the classes, or the cause if ctx has ended. It
// does not wrap err, whose text may come from the server and repeat what it was sent.
func (s *Store) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	class := classify(err)
	text := strings.TrimPrefix(err.Error(), class.Error()+": ")
	return fmt.Errorf("%w: %s", class, s.redactor.Excerpt(text, maxShown))
}

func classify(err error) error {
	var reply redis.Error
	network, _ := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, ErrTLS), network != nil && network.Op == "remote error": // an alert after the handshake
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
