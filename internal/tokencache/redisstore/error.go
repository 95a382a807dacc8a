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
	// ErrNotReady means that the server is starting, or that a cluster has no node for the
	// key while it fails over.
	ErrNotReady = errors.New("redis is not ready")
	// ErrTopology means that the server is not of the kind that the URL's scheme says: one
	// server, a node of a cluster, or a Sentinel that knows the master's name.
	ErrTopology = errors.New("redis is not set up as the URL says")
)

// refusals are the codes with which servers refuse. If a script was refused, the code may
// stand anywhere in the text.
var refusals = []struct {
	class error
	codes *regexp.Regexp
}{
	{ErrDenied, regexp.MustCompile(`\b(?:NOAUTH|WRONGPASS|NOPERM)\b|^ERR AUTH|user executing the script`)},
	{ErrFull, regexp.MustCompile(`\b(?:OOM|READONLY|MISCONF|NOREPLICAS)\b`)},
	// A node of a cluster; a server that is none; and a Sentinel, which has few commands,
	// or a server that is none.
	{ErrTopology, regexp.MustCompile(`(?i)^(?:MOVED|ASK)\b|^ERR (?:this instance has cluster support disabled|unknown command)`)},
	{ErrNotReady, regexp.MustCompile(`^(?:LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN)\b`)},
	{tokencache.ErrDamaged, regexp.MustCompile(`\bWRONGTYPE\b`)}, // somebody else has something under the key
}

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
	return fmt.Errorf("%w: %s", class, s.redactor.Excerpt(detail(err, class), maxShown))
}

// detail is the text of an error without that of its class.
func detail(err, class error) string { return strings.TrimPrefix(err.Error(), class.Error()+": ") }

func classify(err error) error {
	network, _ := errors.AsType[*net.OpError](err)
	if errors.Is(err, ErrTLS) || network != nil && network.Op == "remote error" { // an alert after the handshake
		return ErrTLS
	}
	reply, isReply := errors.AsType[redis.Error](err)
	for _, refusal := range refusals {
		if errors.Is(err, refusal.class) || isReply && refusal.codes.MatchString(reply.Error()) {
			return refusal.class
		}
	}
	return ErrUnavailable
}
