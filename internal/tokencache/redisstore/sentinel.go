// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/redis/go-redis/v9"
)

// sentinels find the master for each new connection, so that a connection after a
// fail-over is to the new one. The library's client for it keeps a subscription, also
// talks to Sentinels that these name, and panics if a reply has too few elements.
type sentinels struct {
	hosts          []string
	master         string // its name
	user, password string
	dial           dialFunc
}

// dialMaster connects to the master.
func (s *sentinels) dialMaster(ctx context.Context, network, _ string) (net.Conn, error) {
	address, err := s.find(ctx)
	if err != nil {
		return nil, err
	}
	return s.dial(ctx, network, address)
}

// find asks all Sentinels at once and returns the first address. The error is of one of
// the classes, and does not wrap what the client would try again: there are several
// Sentinels so that one is there.
func (s *sentinels) find(ctx context.Context) (address string, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	type reply struct {
		address string
		err     error
	}
	replies := make(chan reply, len(s.hosts))
	for _, host := range s.hosts {
		go func() {
			address, err := s.ask(ctx, host)
			replies <- reply{address, err}
		}()
	}
	class, failure := ErrUnavailable, error(nil)
	for range s.hosts {
		one := <-replies
		if one.err == nil {
			return one.address, nil
		}
		if failure == nil || errors.Is(class, ErrUnavailable) { // one that refuses says more
			class, failure = classify(one.err), one.err
		}
	}
	return "", fmt.Errorf("%w: no Sentinel names the master: %s", class, detail(failure, class))
}

// ask asks one Sentinel. Most have no password, and refuse one; those that have are
// usually deployed with that of the master, with or without its user.
func (s *sentinels) ask(ctx context.Context, host string) (address string, err error) {
	for _, known := range []struct{ user, password string }{{}, {s.user, s.password}, {"", s.password}} {
		address, err = s.askAs(ctx, host, known.user, known.password)
		if err == nil || s.password == "" || !errors.Is(classify(err), ErrDenied) {
			break
		}
	}
	return address, err
}

func (s *sentinels) askAs(ctx context.Context, host, user, password string) (address string, err error) {
	options := serverOptions(user, password, s.dial)
	options.Addr = host
	client := redis.NewSentinelClient(options)
	defer func() { _ = client.Close() }()
	reply, err := client.GetMasterAddrByName(ctx, s.master).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return "", fmt.Errorf("%w: it knows no master of that name", ErrTopology)
	case err != nil:
		return "", err
	case len(reply) != 2:
		return "", errReply
	}
	return net.JoinHostPort(reply[0], reply[1]), nil
}
