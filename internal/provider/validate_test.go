// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// invalid is a configuration with one thing wrong in it.
type invalid struct {
	config attributes
	path   string // of the attribute that is named
	says   string // a part of the text
}

const endpoint = "https://login.example.com/token"

// invalidRequests are wrong in every kind of block.
var invalidRequests = map[string]invalid{
	"scope with a space":          {attributes{"scopes": []string{"read", "read write"}}, "scopes[1]", "separate elements"},
	"scope with a quote":          {attributes{"scopes": []string{`a"b`}}, "scopes[0]", "section 3.3"},
	"scope with a backslash":      {attributes{"scopes": []string{`a\b`}}, "scopes[0]", "section 3.3"},
	"scope with a line break":     {attributes{"scopes": []string{"a\r\nX: y"}}, "scopes[0]", "control character."},
	"scope beyond ASCII":          {attributes{"scopes": []string{"größe"}}, "scopes[0]", "section 3.3"},
	"empty scope":                 {attributes{"scopes": []string{""}}, "scopes[0]", "empty"},
	"audience, line break":        {attributes{"audience": "api\n"}, "audience", "line break"},
	"grant type, line break":      {attributes{"grant_type": "client_credentials\n"}, "grant_type", "line break"},
	"relative resource":           {attributes{"resources": []string{"/api"}}, "resources[0]", "absolute URI"},
	"resource with a fragment":    {attributes{"resources": []string{"https://a.example/", "https://b.example/#x"}}, "resources[1]", "fragment"},
	"parameter without a name":    {attributes{"parameters": attributes{"": "x"}}, `parameters[""]`, "empty"},
	"header smuggling":            {attributes{"headers": attributes{"X-A": "1\r\nX-B: 2"}}, "headers", "line break"},
	"header name with a space":    {attributes{"headers": attributes{"X A": "1"}}, "headers", "not allowed"},
	"header name with a colon":    {attributes{"headers": attributes{"X-A:": "1"}}, "headers", "not allowed"},
	"header name, line break":     {attributes{"headers": attributes{"X-A\r\nX-B": "1"}}, "headers", "not allowed"},
	"header without a name":       {attributes{"headers": attributes{"": "1"}}, "headers", "not allowed"},
	"header twice by case":        {attributes{"headers": attributes{"X-Tenant": "1", "x-tenant": "2"}}, "headers", "differ only in case"},
	"header of the connection":    {attributes{"headers": attributes{"Content-Length": "1"}}, "headers", "connection decides"},
	"header Host":                 {attributes{"headers": attributes{"host": "other.example"}}, "headers", "connection decides"},
	"no lifetime":                 {attributes{"default_expires_in": 0}, "default_expires_in", "between 1 and"},
	"negative lifetime":           {attributes{"default_expires_in": -3600}, "default_expires_in", "between 1 and"},
	"lifetime in milliseconds":    {attributes{"default_expires_in": 3.6e9}, "default_expires_in", "between 1 and"},
	"lifetime as a fraction":      {attributes{"default_expires_in": 1.5}, "default_expires_in", "whole number between 1 and 31622400, but is 1.5"},
	"lifetime beyond all numbers": {attributes{"default_expires_in": 1e300}, "default_expires_in", "but is 1e+300"},
	"fragment sign at URI's end":  {attributes{"resources": []string{"urn:example:api#"}}, "resources[0]", "fragment"},
	"resource that is no URI":     {attributes{"resources": []string{"https://a b/"}}, "resources[0]", "absolute URI"},
	"resource with line break":    {attributes{"resources": []string{"urn:example:api\n"}}, "resources[0]", "absolute URI"},
	"parameter name, line break":  {attributes{"parameters": attributes{"a\nb": "1"}}, `parameters["…"]`, "control character."},
	"header value, NUL character": {attributes{"headers": attributes{"X-A": "\x00"}}, "headers", "control character"},
}

// invalidTokens are wrong in both kinds of oauth2cc_token.
var invalidTokens = map[string]invalid{
	"min_validity is no duration": {attributes{"min_validity": "10 minutes"}, "min_validity", "duration"},
	"min_validity without a unit": {attributes{"min_validity": "600"}, "min_validity", "its unit"},
	"min_validity is empty":       {attributes{"min_validity": ""}, "min_validity", "duration"},
	"min_validity is negative":    {attributes{"min_validity": "-1s"}, "min_validity", "not negative"},
}

// invalidCalls are wrong in every kind of oauth2cc_request.
var invalidCalls = map[string]invalid{
	"url with a fragment":        {attributes{"url": endpoint + "#top"}, "url", "fragment"},
	"url, empty fragment":        {attributes{"url": endpoint + "#"}, "url", "%23"},
	"url, placeholder":           {attributes{"url": "https://{region}.api.example.com/"}, "url", "the placeholder {region}."},
	"status as a fraction":       {attributes{"url": endpoint, "expected_status_codes": []any{404, 200.5}}, "expected_status_codes[1]", "whole number between 200 and 599"},
	"status of nothing":          {attributes{"url": endpoint, "expected_status_codes": []any{0}}, "expected_status_codes[0]", "whole number between 200 and 599"},
	"token_header, host":         {attributes{"url": endpoint, "token_header": attributes{"name": "Host"}}, "token_header.name", "connection decides it"},
	"token_header, hop by hop":   {attributes{"url": endpoint, "token_header": attributes{"name": "transfer-encoding"}}, "token_header.name", "connection decides it"},
	"token_header, no name":      {attributes{"url": endpoint, "token_header": attributes{"name": ""}}, "token_header.name", "not allowed"},
	"token_header, with a colon": {attributes{"url": endpoint, "token_header": attributes{"name": "X-Token:"}}, "token_header.name", "not allowed"},
	"scheme with a space":        {attributes{"url": endpoint, "token_header": attributes{"scheme": "Bearer "}}, "token_header.scheme", "before the token"},
	"scheme, line break":         {attributes{"url": endpoint, "token_header": attributes{"scheme": "a\r\nb"}}, "token_header.scheme", "ASCII"},
	"scheme of umlauts":          {attributes{"url": endpoint, "token_header": attributes{"scheme": "größe"}}, "token_header.scheme", "ASCII"},
	"token_header, no token":     {attributes{"url": endpoint, "authenticate": false, "token_header": attributes{"name": "X-Token"}}, "token_header", "authenticate = false"},
	"token, no token":            {attributes{"url": endpoint, "authenticate": false, "token": attributes{"audience": "x"}}, "token", "authenticate = false"},
	"status beyond all":          {attributes{"url": endpoint, "expected_status_codes": []any{600}}, "expected_status_codes[0]", "but is 600"},
}

// invalidProxies are wrong in oauth2cc_proxy.
var invalidProxies = map[string]invalid{
	"url with a user":     {attributes{"url": "https://id:very-secret@api.example.com/"}, "url", "user name"},
	"url with a fragment": {attributes{"url": endpoint + "#top"}, "url", "fragment"},
	"url with a query":    {attributes{"url": endpoint + "?version=1"}, "url", "Remove the \"?\""},
	"url, relative":       {attributes{"url": "/v1"}, "url", "absolute"},
	"url without scheme":  {attributes{"url": "127.0.0.1:8443"}, "url", "https://host/path"},
	"the token's header":  {attributes{"url": endpoint, "request_headers": attributes{"authorization": "x"}}, "request_headers", "another one in token_header"},
	"scheme with a space": {attributes{"url": endpoint, "token_header": attributes{"scheme": "Bearer "}}, "token_header.scheme", "before the token"},
	"header, Host":        {attributes{"url": endpoint, "request_headers": attributes{"Host": "x"}}, "request_headers", "connection decides it"},
	"token, no scope":     {attributes{"url": endpoint, "token": attributes{"scopes": []any{"a b"}}}, "token.scopes[0]", "space"},
}

// invalidClients are wrong in the provider block and in the ephemeral resource.
var invalidClients = map[string]invalid{
	"DPoP key as a file name":    {attributes{"dpop_bound_access_tokens": true, "dpop_private_key": "/etc/dpop.pem"}, "dpop_private_key", "not the name of its file"},
	"DPoP key, damaged":          {attributes{"dpop_bound_access_tokens": true, "dpop_private_key": privateKey}, "dpop_private_key", "damaged"},
	"DPoP key, empty":            {attributes{"dpop_bound_access_tokens": true, "dpop_private_key": ""}, "dpop_private_key", "empty"},
	"DPoP key of another alg":    {attributes{"dpop_bound_access_tokens": true, "dpop_private_key": `{"alg":"ES256",` + inputKey[1:]}, "dpop_private_key", "such a key signs with EdDSA"},
	"DPoP key that is not used":  {attributes{"dpop_bound_access_tokens": false, "dpop_private_key": inputKey}, "dpop_private_key", "dpop_bound_access_tokens = true"},
	"relative endpoint":          {attributes{"token_endpoint": "/oauth2/token"}, "token_endpoint", "absolute"},
	"endpoint without a scheme":  {attributes{"token_endpoint": "login.example.com/token"}, "token_endpoint", "absolute"},
	"endpoint of another scheme": {attributes{"token_endpoint": "ftp://login.example.com/token"}, "token_endpoint", "absolute"},
	"endpoint without a host":    {attributes{"token_endpoint": "https:///token"}, "token_endpoint", "absolute"},
	"endpoint with a port alone": {attributes{"token_endpoint": "https://:8443/token"}, "token_endpoint", "absolute"},
	"endpoint with userinfo":     {attributes{"token_endpoint": "https://id:very-secret@login.example.com/token"}, "token_endpoint", "user name"},
	"endpoint with a fragment":   {attributes{"token_endpoint": endpoint + "#top"}, "token_endpoint", "fragment"},
	"endpoint, empty fragment":   {attributes{"token_endpoint": endpoint + "#"}, "token_endpoint", "fragment"},
	"endpoint, trailing newline": {attributes{"token_endpoint": endpoint + "\n"}, "token_endpoint", "line break"},
	"endpoint, space":            {attributes{"token_endpoint": " " + endpoint}, "token_endpoint", "spaces"},
	"endpoint, bad escape":       {attributes{"token_endpoint": "https://login.example.com/%zz"}, "token_endpoint", "URL"},
	"endpoint, bad port":         {attributes{"token_endpoint": "https://login.example.com:https/token"}, "token_endpoint", "URL"},
	"placeholder in the path":    {attributes{"token_endpoint": "https://login.example.com/{tenant}/token"}, "token_endpoint", "the placeholder {tenant}. Replace it with your own value."},
	"placeholder in the host":    {attributes{"token_endpoint": "https://<your tenant>.example.com/token"}, "token_endpoint", "the placeholder <your tenant>."},
	"placeholder of the issuer":  {attributes{"issuer": "https://login.example.com/<tenant-id>/v2.0"}, "issuer", "the placeholder <tenant-id>."},
	"placeholder, encoded":       {attributes{"issuer": "https://login.example.com/%7Btenant%7d/v2.0"}, "issuer", "the placeholder %7Btenant%7d."},
	"placeholder, host, encoded": {attributes{"issuer": "https://%3Ctenant%3E.example.com"}, "issuer", "the placeholder %3Ctenant%3E."},
	"placeholder, revocation":    {attributes{"revocation_endpoint": "https://login.example.com/${tenant}/revoke"}, "revocation_endpoint", "the placeholder {tenant}."},
	"half a placeholder":         {attributes{"token_endpoint": "https://login.example.com/{tenant/token"}, "token_endpoint", "percent-encoded"},
	"braces in the query":        {attributes{"token_endpoint": endpoint + "?a={tenant}"}, "token_endpoint", "percent-encoded"},
	"braces of a password":       {attributes{"token_endpoint": "https://id:{very-secret}@login.example.com/token"}, "token_endpoint", "percent-encoded"},
	"empty endpoint":             {attributes{"token_endpoint": ""}, "token_endpoint", "absolute"},
	"issuer with a query":        {attributes{"issuer": "https://login.example.com/?tenant=a"}, "issuer", "query"},
	"issuer with a fragment":     {attributes{"issuer": "https://login.example.com/#a"}, "issuer", "fragment"},
	"issuer with userinfo":       {attributes{"issuer": "https://id@login.example.com"}, "issuer", "user name"},
	"relative issuer":            {attributes{"issuer": "login.example.com"}, "issuer", "absolute"},
	"empty client_id":            {attributes{"client_id": ""}, "client_id", "empty"},
	"client_id, newline":         {attributes{"client_id": "id\n"}, "client_id", "trimspace"},
	"client_id, control":         {attributes{"client_id": "i\x07d"}, "client_id", "RFC 6749 appendix A"},
	"empty client_secret":        {attributes{"client_secret": ""}, "client_secret", "empty"},
	"client_secret, newline":     {attributes{"client_secret": "very-secret\n"}, "client_secret", "trimspace"},
	"client_secret, CR LF":       {attributes{"client_secret": "very-secret\r\n"}, "client_secret", "trimspace"},
	"client_secret, line break":  {attributes{"client_secret": "very\nsecret"}, "client_secret", "line break"},
	"unknown method":             {attributes{"token_endpoint_auth_method": "basic"}, "token_endpoint_auth_method", "client_secret_basic"},
	"method by case":             {attributes{"token_endpoint_auth_method": "CLIENT_SECRET_BASIC"}, "token_endpoint_auth_method", "client_secret_basic"},
	"empty method":               {attributes{"token_endpoint_auth_method": ""}, "token_endpoint_auth_method", "client_secret_basic"},
	"unknown encoding":           {attributes{"client_secret_basic_encoding": "rfc"}, "client_secret_basic_encoding", "raw"},
	"raw encoding, id with colon": {
		attributes{"client_secret_basic_encoding": "raw", "client_id": "a:b"}, "client_id", "colon",
	},
	"secret and method none": {
		attributes{"client_secret": "very-secret", "token_endpoint_auth_method": "none"}, "token_endpoint_auth_method", "no secret is sent",
	},
	"encoding and method post": {
		attributes{"client_secret_basic_encoding": "raw", "token_endpoint_auth_method": "client_secret_post"},
		"client_secret_basic_encoding", "client_secret_post",
	},
	"scopes, and in the query": {
		attributes{"token_endpoint": endpoint + "?tenant=a&scope=b", "scopes": []string{"read"}}, "scopes", "already has the parameter scope",
	},
	"grant type, and in the query": {
		attributes{"token_endpoint": endpoint + "?grant_type=a", "grant_type": "a"}, "grant_type", "already has the parameter grant_type",
	},
	"resources, and in the query": {
		attributes{"token_endpoint": endpoint + "?resource=urn:a", "resources": []string{"urn:b"}}, "resources", "already has the parameter resource",
	},
	"audience, and in the query": {
		attributes{"token_endpoint": endpoint + "?audience=a", "audience": "b"}, "audience", "already has the parameter audience",
	},
	"parameter, and in the query": {
		attributes{"token_endpoint": endpoint + "?tenant=a&tenant=b", "parameters": attributes{"tenant": "c"}}, "parameters", "already has the parameter tenant",
	},
	"two methods": {
		attributes{"headers": attributes{"authorization": "Basic very-secret"}, "token_endpoint_auth_method": "client_secret_basic"},
		"token_endpoint_auth_method", "two methods",
	},
}

// invalidProviders are wrong in the provider block.
var invalidProviders = map[string]invalid{
	"http off loopback":              {attributes{"token_endpoint": "http://login.example.com/token"}, "token_endpoint", "allow_plaintext_http"},
	"issuer on http off loopback":    {attributes{"issuer": "http://login.example.com"}, "issuer", "allow_plaintext_http"},
	"http to a name like loopback":   {attributes{"token_endpoint": "http://localhost.example.com/token"}, "token_endpoint", "allow_plaintext_http"},
	"http to a private address":      {attributes{"token_endpoint": "http://10.0.0.1/token"}, "token_endpoint", "allow_plaintext_http"},
	"timeout without a unit":         {attributes{"timeout": "30"}, "timeout", "duration"},
	"timeout of nothing":             {attributes{"timeout": "0s"}, "timeout", "at least"},
	"negative timeout":               {attributes{"timeout": "-5s"}, "timeout", "at least"},
	"empty timeout":                  {attributes{"timeout": ""}, "timeout", "duration"},
	"negative number of retries":     {attributes{"max_retries": -1}, "max_retries", "whole number between 0 and 10"},
	"half a retry":                   {attributes{"max_retries": 1.5}, "max_retries", "whole number between 0 and 10"},
	"endless retries":                {attributes{"max_retries": 11}, "max_retries", "whole number between 0 and 10"},
	"more retries than bits":         {attributes{"max_retries": 1e30}, "max_retries", "whole number between 0 and 10"},
	"proxy without a scheme":         {attributes{"proxy_url": "proxy.example.com:3128"}, "proxy_url", "The proxy URL must begin with http://, https://, socks5:// or socks5h://."},
	"proxy, a name and a port":       {attributes{"proxy_url": "proxy:3128"}, "proxy_url", "The proxy URL must begin with http://, https://, socks5:// or socks5h://."},
	"proxy, a user without a scheme": {attributes{"proxy_url": "user:very-secret@proxy:3128"}, "proxy_url", "The proxy URL must begin with http://, https://, socks5:// or socks5h://."},
	"proxy of another scheme":        {attributes{"proxy_url": "ftp://user:very-secret@proxy.example.com"}, "proxy_url", "http://"},
	"proxy with a path":              {attributes{"proxy_url": "http://user:very-secret@proxy.example.com/path"}, "proxy_url", "host and port"},
	"proxy, password not escaped":    {attributes{"proxy_url": "http://user:very-secret%@proxy.example.com"}, "proxy_url", "percent-encoded"},
	"certificate as a file name":     {attributes{"tls": attributes{"ca_certificate": "/etc/ssl/ca.pem"}}, "tls.ca_certificate", "file name"},
	"certificate that is a key":      {attributes{"tls": attributes{"ca_certificate": privateKey}}, "tls.ca_certificate", "CERTIFICATE"},
	"certificate with damaged lines": {attributes{"tls": attributes{"ca_certificate": damaged}}, "tls.ca_certificate", "damaged"},
	"header beside a secret": {
		attributes{"client_secret": "very-secret", "headers": attributes{"authorization": "Basic very-secret"}}, "token_endpoint_auth_method", "client_secret_basic",
	},
	"parameter beside a secret": {
		attributes{"client_secret": "very-secret", "parameters": attributes{"client_secret": "very-secret"}}, "token_endpoint_auth_method", "client_secret in parameters",
	},
	"unknown cache":          {attributes{"cache": attributes{"type": "disk"}}, "cache.type", "memory"},
	"path of a memory cache": {attributes{"cache": attributes{"path": "/tmp/cache"}}, "cache.path", "file"},
	"path of a Redis cache":  {attributes{"cache": attributes{"type": "redis", "url": redisURL, "path": "/tmp"}}, "cache.path", "file"},
	"empty path":             {attributes{"cache": attributes{"type": "file", "path": ""}}, "cache.path", "empty"},
	"path, control":          {attributes{"cache": attributes{"type": "file", "path": "/a\x07b"}}, "cache.path", "control character."},
	"encryption key, break":  {attributes{"cache": attributes{"type": "file", "encryption_key": "very-secret\nvery-secret"}}, "cache.encryption_key", "control character."},
	"path of a shell":        {attributes{"cache": attributes{"type": "file", "path": "~/cache"}}, "cache.path", `pathexpand("~/`},
	"short encryption key":   {attributes{"cache": attributes{"type": "file", "encryption_key": "very-secret-123"}}, "cache.encryption_key", "openssl rand"},
	"url of a file cache":    {attributes{"cache": attributes{"type": "file", "url": redisURL}}, "cache.url", "redis"},
	"Redis without url":      {attributes{"cache": attributes{"type": "redis"}}, "cache.url", "rediss://"},
	"Redis with two hosts":   {attributes{"cache": attributes{"type": "redis", "url": "redis://u:very-secret@one,two"}}, "cache.url", "redis+cluster"},
	"database of a cluster":  {attributes{"cache": attributes{"type": "redis", "url": "rediss+cluster://u:very-secret@one,two/3"}}, "cache.url", "databases"},
	"Sentinel, no master":    {attributes{"cache": attributes{"type": "redis", "url": "rediss+sentinel://u:very-secret@one,two"}}, "cache.url", "mymaster"},
	"Redis at https":         {attributes{"cache": attributes{"type": "redis", "url": "https://u:very-secret@h"}}, "cache.url", "rediss"},
	"key of a memory cache":  {attributes{"cache": attributes{"encryption_key": "very-secret-of-many"}}, "cache.encryption_key", "encryption_key"},
	"empty encryption key":   {attributes{"cache": attributes{"type": "file", "encryption_key": ""}}, "cache.encryption_key", "empty"},
	"public client, file cache": {
		attributes{"token_endpoint_auth_method": "none", "cache": attributes{"type": "file"}}, "cache.encryption_key", "openssl rand",
	},
	"federated client, private authority": {
		attributes{
			"federated_assertion": attributes{"env": "ID_TOKEN"}, "cache": attributes{"type": "file"},
			"tls": attributes{"insecure_skip_verify": true},
		},
		"cache.encryption_key", "openssl rand",
	},
	"federated client, Redis": {
		attributes{"federated_assertion": attributes{"env": "ID_TOKEN"}, "cache": attributes{"type": "redis", "url": redisURL}},
		"cache.encryption_key", "openssl rand",
	},
	"DPoP key of unbound tokens": {attributes{"dpop_private_key": inputKey}, "dpop_private_key", "dpop_bound_access_tokens = true"},
	"DPoP without a key, cache of files": {
		attributes{"dpop_bound_access_tokens": true, "cache": attributes{"type": "file"}}, "cache", "Set dpop_private_key",
	},
	"empty certificate": {attributes{"tls": attributes{"ca_certificate": ""}}, "tls.ca_certificate", "Not a PEM certificate"},
}

// TestValidate holds that each mistake is found without a server, with its
// attribute, and that no value which may be a secret is quoted.
func TestValidate(t *testing.T) {
	t.Parallel()
	blocks := map[string]struct {
		validate func(*session, attributes) diagnostics
		tables   []map[string]invalid
	}{
		"provider": {
			func(s *session, config attributes) diagnostics { return s.validateProvider(config) },
			[]map[string]invalid{invalidRequests, invalidClients, invalidProviders},
		},
		"ephemeral": {
			func(s *session, config attributes) diagnostics { return s.validateEphemeral(tokenType, config) },
			[]map[string]invalid{invalidRequests, invalidClients, invalidTokens},
		},
		"data": {
			func(s *session, config attributes) diagnostics { return s.validateDataSource(tokenType, config) },
			[]map[string]invalid{invalidRequests, invalidTokens},
		},
		"ephemeral request": {
			func(s *session, config attributes) diagnostics { return s.validateEphemeral(requestType, config) },
			[]map[string]invalid{invalidCalls},
		},
		"ephemeral proxy": {
			func(s *session, config attributes) diagnostics { return s.validateEphemeral(proxyType, config) },
			[]map[string]invalid{invalidProxies},
		},
		"data request": {
			func(s *session, config attributes) diagnostics { return s.validateDataSource(requestType, config) },
			[]map[string]invalid{invalidCalls},
		},
	}
	for block, row := range blocks {
		for _, table := range row.tables {
			for name, wrong := range table {
				t.Run(block+"/"+name, func(t *testing.T) {
					t.Parallel()
					wrong.mustBeFound(t, row.validate(newSession(t), wrong.config))
				})
			}
		}
	}
}

// TestValidateAccepts holds that what is unusual and right is no finding.
func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	tests := map[string]attributes{
		"nothing":                  {},
		"http to loopback":         {"token_endpoint": "http://127.0.0.1:8080/token", "issuer": "http://localhost:8080"},
		"http to loopback, IPv6":   {"token_endpoint": "http://[::1]:8080/token"},
		"http where allowed":       {"token_endpoint": "http://login.example.com/token", "allow_plaintext_http": true},
		"endpoint with a query":    {"token_endpoint": endpoint + "?api-version=1&tenant=a%20b"},
		"UUID in braces":           {"token_endpoint": "https://login.example.com/%7B3f2504e0-4f89-11d3-9a0c-0305e82c3301%7D/token"},
		"JSON in the query":        {"token_endpoint": endpoint + "?claims=%7Btenant%7D"},
		"query that repeats":       {"token_endpoint": endpoint + "?tenant=a&tenant=b", "parameters": attributes{"audience": "c", "tenant": ""}},
		"query and defaults":       {"token_endpoint": endpoint + "?grant_type=account_credentials&client_id=a", "client_id": "a"},
		"body, no grant type":      {"request_body": "{}", "grant_type": "", "scopes": []string{}, "parameters": attributes{"a": ""}},
		"header, secret in a form": {"client_secret": "x", "headers": attributes{"Authorization": "Basic eDp4"}, "token_endpoint_auth_method": "client_secret_post"},
		"header, perhaps a form":   {"client_secret": "x", "headers": attributes{"Authorization": "Basic eDp4"}, "issuer": "https://login.example.com"},
		"issuer with a path":       {"issuer": "https://login.example.com/realms/a/"},
		"secret with spaces":       {"client_secret": " pass phrase ", "client_id": "my client"},
		"secret of umlauts":        {"client_secret": "größe €", "client_id": "clé"},
		"no grant type":            {"grant_type": ""},
		"extension grant":          {"grant_type": "urn:example:grant"},
		"scope with a comma":       {"scopes": []string{"read,write", "https://graph.example.com/.default", "openid"}},
		"no scopes":                {"scopes": []string{}},
		"resource by name":         {"resources": []string{"urn:example:api", "https://api.example.com/"}},
		"parameter taken away":     {"parameters": attributes{"grant_type": ""}},
		"header of many bytes":     {"headers": attributes{"X-Name": "größe\tà"}},
		"raw, id without colon":    {"client_secret_basic_encoding": "raw", "client_id": "sb-a!t1|b"},
		"form, id with colon":      {"client_secret_basic_encoding": "form", "client_id": "a:b"},
		"header instead of method": {"headers": attributes{"Authorization": "Basic eDp4"}, "token_endpoint_auth_method": "none"},
		"lifetime of a year":       {"default_expires_in": 365 * 24 * 60 * 60},
		"proxy with a password":    {"proxy_url": "http://user:p%40ss@proxy.example.com:3128"},
		"proxy of SOCKS":           {"proxy_url": "socks5://127.0.0.1:1080"},
		"proxy left to the system": {"proxy_url": ""},
		"nulls in lists":           {"scopes": []any{"read", nil}, "resources": []any{nil}},
		"no retries":               {"max_retries": 0},
		"DPoP, key of the process": {"dpop_bound_access_tokens": true},
		"DPoP, shared": {
			"dpop_bound_access_tokens": true, "dpop_private_key": inputKey, "token_endpoint_auth_method": "none",
			"cache": attributes{"type": "file"},
		},
		"most retries":           {"max_retries": 10},
		"duration of many units": {"timeout": "1m30.5s"},
		"cache of no type":       {"cache": attributes{}},
		"cache in ~x":            {"cache": attributes{"type": "file", "path": "~x/y"}},
		"cache of Redis":         {"cache": attributes{"type": "redis", "url": redisURL, "encryption_key": "sixteen-byte-key"}},
		"cache of files, public": {
			"cache": attributes{"type": "file", "encryption_key": "sixteen-byte-key"}, "token_endpoint_auth_method": "none",
		},
	}
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newSession(t).validateProvider(config).mustBeEmpty(t)
		})
	}
}

const (
	redisURL   = "rediss://user:very-secret@redis.example.com:6380/1"
	privateKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
	damaged    = "-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n"
)

// mustBeFound holds diagnostics against what is wrong.
func (wrong invalid) mustBeFound(t *testing.T, found diagnostics) {
	t.Helper()
	if !found.isAbout(wrong.path) {
		t.Fatalf("want one finding about %q:\n%s", wrong.path, found)
	}
	if text := found.String(); !strings.Contains(text, wrong.says) {
		t.Errorf("nothing about %q:\n%s", wrong.says, text)
	}
	if strings.Contains(found.String(), `\n\n`) {
		t.Errorf("a line break is spelled out:\n%s", found)
	}
	for _, hidden := range []string{"very-secret", "very\nsecret", "MC4CAQ", "eyJ"} {
		if strings.Contains(found.String(), hidden) {
			t.Errorf("the secret is quoted:\n%s", found)
		}
	}
}

// TestValidatePlaintextRedis holds that a password which leaves this machine in
// plaintext is a warning: within a private network that is common.
func TestValidatePlaintextRedis(t *testing.T) {
	t.Parallel()
	for url, warned := range map[string]bool{
		"redis://user:very-secret@redis.example.com":  true,
		"REDIS://:very-secret@10.0.0.1:6380/1":        true,
		"redis://redis.example.com":                   false,
		"rediss://user:very-secret@redis.example.com": false,
		"redis://user:very-secret@localhost":          false,
		"redis://user:very-secret@127.0.0.2:6380":     false,
		"redis://user:very-secret@[::1]":              false,
		"unix://user:very-secret@/run/redis.sock":     false,

		"redis+cluster://user:very-secret@10.0.0.1,10.0.0.2":               true,
		"redis+cluster://:very-secret@localhost:7000,redis.example.com":    true,
		"redis+cluster://10.0.0.1,10.0.0.2":                                false,
		"redis+cluster://user:very-secret@localhost:7000,127.0.0.1:7001":   false,
		"rediss+cluster://user:very-secret@10.0.0.1,10.0.0.2":              false,
		"redis+sentinel://user:very-secret@10.0.0.1,10.0.0.2/mymaster":     true,
		"redis+sentinel://user:very-secret@localhost:26379/mymaster/1":     false,
		"rediss+sentinel://user:very-secret@10.0.0.1,10.0.0.2/mymaster/15": false,
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			found := newSession(t).validateProvider(attributes{"cache": attributes{"type": "redis", "url": url}})
			if !warned {
				found.mustBeEmpty(t)
				return
			}
			invalid{path: "cache.url", says: "rediss://"}.mustBeFound(t, found)
			if found[0].Severity != tfprotov6.DiagnosticSeverityWarning {
				t.Errorf("the run fails:\n%s", found)
			}
		})
	}
}

// TestValidateLongNames holds that a name which a user gave is not repeated whole:
// it may be a file of another kind.
func TestValidateLongNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<20)
	tests := map[string]attributes{
		"parameter":         {"parameters": attributes{long: "1"}},
		"response field":    {"response_fields": attributes{long: "/a"}},
		"pointer":           {"response_fields": attributes{"access_token": long}},
		"header field":      {"headers": attributes{long: "1"}},
		"headers by case":   {"headers": attributes{long[:60000]: "1", "X" + long[:59999]: "2"}},
		"query of endpoint": {"token_endpoint": endpoint + "?" + long[:60000] + "=1", "parameters": attributes{long[:60000]: "2"}},
		"word":              {"token_endpoint_auth_method": long},
	}
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := newSession(t).validateProvider(config)
			if len(found) == 0 {
				t.Error("it is accepted")
			}
			for _, finding := range found {
				if length := len(finding.Summary) + len(finding.Detail); length > 1000 {
					t.Errorf("%d bytes are told: %.200s", length, finding.Summary+finding.Detail)
				}
			}
		})
	}
}
