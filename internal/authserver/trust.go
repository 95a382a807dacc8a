// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package authserver

import (
	"errors"
	"slices"
)

// TrustedIssuer is somebody else whose JWTs the server can verify: the platform
// a pipeline runs on, or a client that signs its own grants.
type TrustedIssuer struct {
	Issuer string
	Keys   []Key

	// Reusable lets the same JWT come more than once, as platforms need that
	// give a job one for its whole life. Otherwise it needs a jti never seen.
	Reusable bool
}

// Trust is which JWTs of a [TrustedIssuer] count for a client.
type Trust struct {
	Issuer   string
	Subject  string // any when empty, where that is allowed
	Audience string // has to be in aud; when empty, what [Config.GrantAssertion] says
}

func (t Trust) matches(issuer, subject string) bool {
	return t.Issuer == issuer && (t.Subject == "" || t.Subject == subject)
}

// trusts reports whether a JWT of that issuer about that subject could count.
func trusts(list []Trust, issuer, subject string) bool {
	return slices.ContainsFunc(list, func(t Trust) bool { return t.matches(issuer, subject) })
}

// trustTerms are those of an assertion that claims to be from issuer about
// subject, if the list has a place for it.
func (s *Server) trustTerms(list []Trust, issuer, subject string) (terms, error) {
	i := slices.IndexFunc(list, func(t Trust) bool { return t.matches(issuer, subject) })
	if i < 0 {
		return terms{}, assertionError("its issuer and subject are not trusted")
	}
	from, ok := s.trustedIssuer(issuer)
	if !ok {
		return terms{}, assertionError("its issuer has no keys here")
	}
	t := s.ownTerms(s.config.GrantAssertion)
	if list[i].Audience != "" {
		// Made by a platform's rules rather than ours.
		t = terms{audiences: []string{list[i].Audience}, skew: t.skew}
	}
	t.issuer, t.subject, t.reusable = issuer, list[i].Subject, from.Reusable
	t.algorithms, t.key = algorithmsOf(from.Keys), registeredKey(from.Keys)
	return t, nil
}

func (s *Server) trustedIssuer(issuer string) (TrustedIssuer, bool) {
	i := slices.IndexFunc(s.config.TrustedIssuers, func(t TrustedIssuer) bool { return t.Issuer == issuer })
	if i < 0 {
		return TrustedIssuer{}, false
	}
	return s.config.TrustedIssuers[i], true
}

func (t TrustedIssuer) validate() error {
	if t.Issuer == "" || len(t.Keys) == 0 {
		return errors.New("a trusted issuer needs a name and keys")
	}
	return validateKeys(t.Keys)
}
