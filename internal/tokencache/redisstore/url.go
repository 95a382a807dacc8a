// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

const (
	// defaultPort is registered for Redis, with TLS or without.
	defaultPort = "6379"
	// databaseBits is the size of a database's number on servers.
	databaseBits = 31
)

// What is wrong with a URL. None of these shows a part of it: if a password contains a
// character that has a meaning in URLs, it may be in any other part.
var (
	errURL      = errors.New("not a valid URL; special characters in the user and password must be percent-encoded")
	errScheme   = errors.New("its scheme must be redis, rediss or unix")
	errPassword = errors.New("it has a user without a password; without a user, write redis://:password@host")
	errHost     = errors.New("it has no host")
	errPort     = errors.New("its port must be a number from 1 to 65535")
	errPath     = errors.New("a unix URL needs an absolute path and no host, as in unix:///run/redis.sock")
	errDatabase = errors.New("its database must be a number, as in redis://host/0 or unix:///run/redis.sock?db=0")
	errQuery    = errors.New("it has a query option that is not supported; the only one is db, of unix URLs")
	errFragment = errors.New("it has a fragment; a # in the password must be percent-encoded")
)

// address is a parsed URL.
type address struct {
	network, address string
	tls              bool
	host             string // of the server's certificate
	user, password   string
	database         int
}

// CheckURL reports why [Open] would not accept a URL. The error shows no part of it.
func CheckURL(text string) error {
	_, err := parseURL(text)
	return err
}

// parseURL parses a URL. The library's parser accepts options that undo the bounds of
// this package, and shows the URL in its errors.
func parseURL(text string) (address, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return address{}, errURL
	}
	var at address
	if at.user, at.password, err = credentials(parsed.User); err != nil {
		return address{}, err
	}
	if strings.Contains(text, "#") {
		return address{}, errFragment
	}
	switch parsed.Scheme {
	case "redis", "rediss":
		at.tls = parsed.Scheme == "rediss"
		return at.onNetwork(parsed)
	case "unix":
		return at.onSocket(parsed)
	}
	return address{}, errScheme
}

// credentials returns the user and password; both may be empty.
func credentials(info *url.Userinfo) (user, password string, err error) {
	if info == nil {
		return "", "", nil
	}
	if password, _ = info.Password(); password == "" {
		return "", "", errPassword
	}
	return info.Username(), password, nil
}

// onNetwork parses redis:// and rediss://.
func (a address) onNetwork(parsed *url.URL) (address, error) {
	if a.host = parsed.Hostname(); a.host == "" {
		return address{}, errHost
	}
	port := parsed.Port()
	if port == "" {
		port = defaultPort
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return address{}, errPort
	}
	if parsed.RawQuery != "" {
		return address{}, errQuery
	}
	a.network, a.address = "tcp", net.JoinHostPort(a.host, port)
	return a.withDatabase(strings.TrimPrefix(parsed.Path, "/"))
}

// onSocket parses unix://.
func (a address) onSocket(parsed *url.URL) (address, error) {
	if parsed.Host != "" || !strings.HasPrefix(parsed.Path, "/") {
		return address{}, errPath
	}
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil || len(query) > 1 || len(query) == 1 && len(query["db"]) != 1 {
		return address{}, errQuery
	}
	a.network, a.address = "unix", parsed.Path
	return a.withDatabase(query.Get("db"))
}

// withDatabase parses the number of a database, which is 0 by default.
func (a address) withDatabase(text string) (address, error) {
	if text == "" {
		return a, nil
	}
	number, err := strconv.ParseUint(text, 10, databaseBits)
	if err != nil {
		return address{}, errDatabase
	}
	a.database = int(number)
	return a, nil
}
