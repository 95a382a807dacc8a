// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// What is wrong with a URL. None of these shows a part of it: if a password contains a
// character that has a meaning in URLs, it may be in any other part.
var (
	errURL    = errors.New("not a valid URL; special characters in the user and password must be percent-encoded")
	errScheme = errors.New("its scheme must be redis, rediss or unix, redis+cluster or rediss+cluster for Redis Cluster, " +
		"or redis+sentinel or rediss+sentinel for Sentinel")
	errPassword = errors.New("it has a user without a password; without a user, write redis://:password@host")
	errHost     = errors.New("it has no host, or an empty one in a list")
	errHosts    = errors.New("it has several hosts, which only Redis Cluster (redis+cluster) and Sentinel (redis+sentinel) have")
	errPort     = errors.New("its port must be a number from 1 to 65535")
	errPath     = errors.New("a unix URL needs an absolute path and no host, as in unix:///run/redis.sock")
	errDatabase = errors.New("its database must be a number, as in redis://host/0 or unix:///run/redis.sock?db=0")
	errCluster  = errors.New("a cluster has no databases but 0; remove the path")
	errMaster   = errors.New("it names no master, as in redis+sentinel://host:26379/mymaster or redis+sentinel://host:26379/mymaster/0")
	errQuery    = errors.New("it has a query option that is not supported; the only one is db, of unix URLs")
	errFragment = errors.New("it has a fragment; a # in the password must be percent-encoded")
)

// CheckURL reports why [Open] would not accept a URL. The error shows no part of it.
func CheckURL(text string) error {
	_, err := parseURL(text)
	return err
}

// PlaintextHosts returns the hosts, without ports, that a URL's password is sent to
// unencrypted: none with TLS, over a socket, or without a password.
func PlaintextHosts(text string) []string {
	at, err := parseURL(text)
	if err != nil || at.secure || at.password == "" || at.network == "unix" {
		return nil
	}
	hosts := make([]string, len(at.hosts))
	for i, host := range at.hosts {
		hosts[i], _, _ = net.SplitHostPort(host) // as it was joined
	}
	return hosts
}

// topology is what the hosts of a URL are.
type topology int

const (
	single topology = iota
	cluster
	sentinel
)

// address is what a URL says.
type address struct {
	topology       topology
	network        string   // tcp or unix
	hosts          []string // with ports; or the path of a socket
	secure         bool     // with TLS
	user, password string
	master         string // the name that Sentinels know it by
	database       int
}

// parseURL reads a URL. The library's parsers accept options that undo the bounds of this
// package, and show the URL in their errors.
func parseURL(text string) (address, error) {
	urls, err := parseHosts(text)
	if err != nil {
		return address{}, err
	}
	first := urls[0]
	password, _ := first.User.Password()
	switch {
	case first.User != nil && password == "":
		return address{}, errPassword
	case strings.Contains(text, "#"):
		return address{}, errFragment
	}
	at := address{network: "tcp", secure: strings.HasPrefix(first.Scheme, "rediss"), user: first.User.Username(), password: password}
	port, database := "6379", strings.TrimPrefix(first.Path, "/") // the port that is registered for Redis, with TLS or without
	switch first.Scheme {
	case "redis", "rediss":
		if len(urls) > 1 {
			return address{}, errHosts
		}
	case "redis+cluster", "rediss+cluster":
		at.topology = cluster
	case "redis+sentinel", "rediss+sentinel":
		at.topology, port = sentinel, "26379"
		at.master, database, _ = strings.Cut(database, "/")
	case "unix":
		return at.socket(first)
	default:
		return address{}, errScheme
	}
	for _, one := range urls {
		host, err := hostOf(one, port)
		if err != nil {
			return address{}, err
		}
		at.hosts = append(at.hosts, host)
	}
	switch {
	case first.RawQuery != "":
		return address{}, errQuery
	case at.topology == cluster && database != "" && database != "0":
		return address{}, errCluster
	case at.topology == sentinel && at.master == "":
		return address{}, errMaster
	}
	return at.inDatabase(database)
}

// parseHosts parses the URLs of perHost.
func parseHosts(text string) ([]*url.URL, error) {
	var urls []*url.URL
	for _, one := range perHost(text) {
		parsed, err := url.Parse(one)
		if err != nil {
			return nil, errURL
		}
		urls = append(urls, parsed)
		switch first := urls[0]; {
		case first.User == nil:
		case parsed.User.String() != first.User.String(): // one @ too many
			return nil, errURL
		case strings.Contains(first.Scheme, "+") && strings.Contains(first.User.Username(), ","): // it is at the second host
			return nil, errURL
		}
	}
	return urls, nil
}

// perHost returns a URL for each of the hosts that a URL lists: package net/url parses
// no lists.
func perHost(text string) []string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return []string{text}
	}
	authority, path := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, path = rest[:end], rest[end:]
	}
	hosts := strings.Index(authority, "@") + 1
	var urls []string
	for host := range strings.SplitSeq(authority[hosts:], ",") {
		urls = append(urls, scheme+"://"+authority[:hosts]+host+path)
	}
	return urls
}

// hostOf returns the host and port of a URL.
func hostOf(parsed *url.URL, defaultPort string) (string, error) {
	port := cmp.Or(parsed.Port(), defaultPort)
	switch number, err := strconv.ParseUint(port, 10, 16); {
	case parsed.Hostname() == "":
		return "", errHost
	case strings.Contains(parsed.Hostname(), ":") && !strings.HasPrefix(parsed.Host, "["): // allowed by package url
		return "", errPort
	case err != nil || number == 0:
		return "", errPort
	}
	return net.JoinHostPort(parsed.Hostname(), port), nil
}

// socket completes the address with what a unix URL says.
func (at address) socket(parsed *url.URL) (address, error) {
	query, err := url.ParseQuery(parsed.RawQuery)
	switch {
	case parsed.Host != "" || !strings.HasPrefix(parsed.Path, "/"):
		return address{}, errPath
	case err != nil || len(query) > 1 || len(query) == 1 && len(query["db"]) != 1:
		return address{}, errQuery
	}
	at.network, at.hosts = "unix", []string{parsed.Path}
	return at.inDatabase(query.Get("db"))
}

func (at address) inDatabase(text string) (address, error) {
	number, err := strconv.ParseUint(cmp.Or(text, "0"), 10, 31) // as many bits as servers have for it
	if err != nil {
		return address{}, errDatabase
	}
	at.database = int(number)
	return at, nil
}
