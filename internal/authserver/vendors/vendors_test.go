// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package vendors_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver/vendors"
)

// client is the client at all vendors but Neucron.
var client = vendors.Client{ID: "id", Secret: "secret"}

// app is the client at Neucron.
var app = vendors.App{ID: "YourAppID", Key: "YourAppKey", KeyID: "YourKeyID", KeySecret: "YourKeySecret", UserToken: "YourAccessToken"}

// Parts of the documented requests.
const (
	form       = "Content-Type: application/x-www-form-urlencoded"
	credential = "grant_type=client_credentials&client_id=id&client_secret=secret"
	neonomics  = "POST /auth/realms/sandbox/protocol/openid-connect/token"
	// authorization is Basic with base64 of id:secret.
	authorization = "Authorization: Basic aWQ6c2VjcmV0"
	authorize     = `{
"token": {
"app_id": "YourAppID",
"app_key": "YourAppKey",
"state": "RandomString",
"redirect_uri": "https://yourapp.com/oauth/callback",
"permissions": "read_profile,write_data"
}
}`
	grant = `{
"permissions": {
"app_id": "YourAppID",
"app_key": "YourAppKey",
"state": "RandomString",
"redirect_uri": "https://yourapp.com/oauth/permissions/callback",
"permissions": "write_data,manage_notifications"
}
}`
)

// send sends a request in its wire format: request line without the version, header
// fields, body.
func send(t *testing.T, vendor http.Handler, line, fields, body string) *httptest.ResponseRecorder {
	t.Helper()
	text := line + " HTTP/1.1\nHost: vendor.example\n"
	if fields != "" {
		text += fields + "\n"
	}
	text = strings.ReplaceAll(text+"Content-Length: "+strconv.Itoa(len(body))+"\n\n", "\n", "\r\n") + body
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	response := httptest.NewRecorder()
	vendor.ServeHTTP(response, request)
	return response
}

// member returns a member of a JSON response, by its path.
func member(t *testing.T, response *httptest.ResponseRecorder, names ...string) string {
	t.Helper()
	var document any
	if err := json.Unmarshal(response.Body.Bytes(), &document); err != nil {
		t.Fatalf("%v in %s", err, response.Body)
	}
	for _, name := range names {
		object, _ := document.(map[string]any)
		document = object[name]
	}
	text, _ := document.(string)
	return text
}

func TestRequests(t *testing.T) {
	t.Parallel()
	neuroflash := func() *vendors.Vendor { return vendors.Neuroflash(client) }
	neonomicsVendor := func() *vendors.Vendor { return vendors.Neonomics(client) }
	brainysoft := func() *vendors.Vendor { return vendors.Brainysoft(client) }
	neucron := func() *vendors.Vendor { return vendors.Neucron(app) }
	httpBasic := func() *vendors.Vendor { return vendors.HTTPBasic(client) }
	asUser := "Authorization: Bearer YourAccessToken\nContent-Type: application/json"
	for name, row := range map[string]struct {
		vendor             func() *vendors.Vendor
		line, fields, body string
		status             int
	}{
		"neuroflash, as documented": {neuroflash, "POST /oauth/v2/token", form, credential + "&scope=openid", 200},
		"neuroflash, no scope":      {neuroflash, "POST /oauth/v2/token", form, credential, 400},
		"neuroflash, another scope": {neuroflash, "POST /oauth/v2/token", form, credential + "&scope=profile", 400},
		"neuroflash, wrong secret":  {neuroflash, "POST /oauth/v2/token", form, strings.Replace(credential, "=secret", "=sesame", 1) + "&scope=openid", 401},
		"neuroflash, HTTP Basic":    {neuroflash, "POST /oauth/v2/token", form + "\n" + authorization, "grant_type=client_credentials&scope=openid", 401},
		"neuroflash, JSON":          {neuroflash, "POST /oauth/v2/token", "Content-Type: application/json", `{}`, 400},
		"neuroflash, GET":           {neuroflash, "GET /oauth/v2/token", "", "", 405},
		"neuroflash, more in query": {neuroflash, "POST /oauth/v2/token?a=b", form, credential + "&scope=openid", 400},
		"neuroflash, scope twice":   {neuroflash, "POST /oauth/v2/token", form, credential + "&scope=openid&scope=openid", 400},
		"neuroflash, API, no token": {neuroflash, "GET /api/digital-twin-service/v1/static-groups", "", "", 401},
		"neuroflash, API, unknown":  {neuroflash, "GET /api/digital-twin-service/v1/static-groups", "Authorization: Bearer x", "", 401},

		"neonomics, as documented":  {neonomicsVendor, neonomics, form, credential, 200},
		"neonomics, wrong secret":   {neonomicsVendor, neonomics, form, credential + "x", 401},
		"neonomics, with a scope":   {neonomicsVendor, neonomics, form, credential + "&scope=openid", 400},
		"neonomics, another grant":  {neonomicsVendor, neonomics, form, strings.Replace(credential, "client_credentials", "password", 1), 400},
		"neonomics, unknown token":  {neonomicsVendor, neonomics, form, "grant_type=refresh_token&refresh_token=x&client_id=id&client_secret=secret", 400},
		"neonomics, revoke unknown": {neonomicsVendor, strings.Replace(neonomics, "/token", "/revoke", 1), form, "token=x&client_id=id&client_secret=secret", 200},
		"neonomics, revoke nothing": {neonomicsVendor, strings.Replace(neonomics, "/token", "/revoke", 1), form, "client_id=id&client_secret=secret", 400},

		"brainysoft, in the query":  {brainysoft, "POST /oauth/token?" + credential, "", "", 200},
		"brainysoft, in the body":   {brainysoft, "POST /oauth/token", form, credential, 200},
		"brainysoft, in both":       {brainysoft, "POST /oauth/token?" + credential, form, credential, 400},
		"brainysoft, split":         {brainysoft, "POST /oauth/token?grant_type=client_credentials", form, "client_id=id&client_secret=secret", 400},
		"brainysoft, wrong secret":  {brainysoft, "POST /oauth/token?" + credential + "x", "", "", 401},
		"brainysoft, with a scope":  {brainysoft, "POST /oauth/token", form, credential + "&scope=core_basic", 400},
		"brainysoft, another grant": {brainysoft, "POST /oauth/token", form, strings.Replace(credential, "client_credentials", "password", 1), 400},
		"brainysoft, GET":           {brainysoft, "GET /oauth/token?" + credential, "", "", 405},

		"neucron, authorize":             {neucron, "POST /oauth/authorize", asUser, authorize, 200},
		"neucron, authorize, other key":  {neucron, "POST /oauth/authorize", asUser, strings.Replace(authorize, "AppKey", "App", 1), 401},
		"neucron, authorize, no state":   {neucron, "POST /oauth/authorize", asUser, strings.Replace(authorize, "RandomString", "", 1), 400},
		"neucron, authorize, spaces":     {neucron, "POST /oauth/authorize", asUser, strings.Replace(authorize, ",w", ", w", 1), 400},
		"neucron, authorize, flat":       {neucron, "POST /oauth/authorize", asUser, `{"app_id": "YourAppID"}`, 400},
		"neucron, authorize, no token":   {neucron, "POST /oauth/authorize", "Content-Type: application/json", authorize, 401},
		"neucron, authorize, form":       {neucron, "POST /oauth/authorize", strings.Replace(asUser, "application/json", "text/plain", 1), authorize, 400},
		"neucron, grant":                 {neucron, "PATCH /oauth/permissions/grant", asUser, grant, 200},
		"neucron, grant, POST":           {neucron, "POST /oauth/permissions/grant", asUser, grant, 405},
		"neucron, grant, authorize body": {neucron, "PATCH /oauth/permissions/grant", asUser, authorize, 400},
		"neucron, token, form":           {neucron, "POST /oauth/token", form, "code=x", 400},
		"neucron, token, unknown code": {neucron, "POST /oauth/token", "Content-Type: application/json",
			`{"token": {"auth_code": "x", "key_id": "YourKeyID", "key_secret": "YourKeySecret"}}`, 401},

		"http basic, as documented": {httpBasic, "POST /oauth/v2/token", form + "\n" + authorization, "grant_type=client_credentials", 200},
		"http basic, wrong secret":  {httpBasic, "POST /oauth/v2/token", form + "\nAuthorization: Basic aWQ6c2VzYW1l", "grant_type=client_credentials", 401},
		"http basic, in the body":   {httpBasic, "POST /oauth/v2/token", form, credential, 401},
		"http basic, with a scope":  {httpBasic, "POST /oauth/v2/token", form + "\n" + authorization, "grant_type=client_credentials&scope=a", 400},
		"http basic, no type":       {httpBasic, "POST /oauth/v2/token", authorization, "grant_type=client_credentials", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if response := send(t, row.vendor(), row.line, row.fields, row.body); response.Code != row.status {
				t.Errorf("status is %d, want %d: %s", response.Code, row.status, response.Body)
			}
		})
	}
}

func TestTokenIsValidAtAPI(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		vendor             *vendors.Vendor
		line, fields, body string
		api                string
		lifetime           time.Duration
	}{
		"neuroflash": {vendors.Neuroflash(client), "POST /oauth/v2/token", form, credential + "&scope=openid", "/api/digital-twin-service/v1/static-groups", 14399 * time.Second},
		"neonomics":  {vendors.Neonomics(client), neonomics, form, credential, "/api/banks", time.Hour},
		"brainysoft": {vendors.Brainysoft(client), "POST /oauth/token", form, credential, "/api/loans", 299 * time.Second},
		"http basic": {vendors.HTTPBasic(client), "POST /oauth/v2/token", form + "\n" + authorization, "grant_type=client_credentials", "/api/orders", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			row.vendor.SetNow(func() time.Time { return now })
			token := member(t, send(t, row.vendor, row.line, row.fields, row.body), "access_token")
			call := func() int { return send(t, row.vendor, "GET "+row.api, "Authorization: Bearer "+token, "").Code }
			if status := call(); status != 200 {
				t.Errorf("with a new token the API returns %d, want 200", status)
			}
			now = now.Add(row.lifetime)
			if status := call(); status != 401 {
				t.Errorf("with an expired token the API returns %d, want 401", status)
			}
			now = now.Add(-time.Second)
			row.vendor.Forget()
			if status := call(); status != 401 {
				t.Errorf("with a forgotten token the API returns %d, want 401", status)
			}
			if got := row.vendor.Count(authserver.API); got != 3 {
				t.Errorf("%d API requests recorded, want 3", got)
			}
		})
	}
}

func TestHTTPBasicForbiddenPath(t *testing.T) {
	t.Parallel()
	vendor := vendors.HTTPBasic(client)
	token := member(t, send(t, vendor, "POST /oauth/v2/token", form+"\n"+authorization, "grant_type=client_credentials"), "access_token")
	if !strings.HasSuffix(token, "=") || strings.HasSuffix(token, "==") {
		t.Errorf("the token %s does not end like the documented one", token)
	}
	if status := send(t, vendor, "GET "+vendors.ForbiddenPath, "Authorization: Bearer "+token, "").Code; status != 403 {
		t.Errorf("status is %d, want 403", status)
	}
	if status := send(t, vendor, "GET "+vendors.ForbiddenPath, "Authorization: Bearer x", "").Code; status != 401 {
		t.Errorf("with an unknown token the status is %d, want 401", status)
	}
}

func TestNeonomicsSession(t *testing.T) {
	t.Parallel()
	vendor := vendors.Neonomics(client)
	first := send(t, vendor, neonomics, form, credential)
	refresh := func(token string) *httptest.ResponseRecorder {
		return send(t, vendor, neonomics, form, "grant_type=refresh_token&refresh_token="+token+"&client_id=id&client_secret=secret")
	}
	second := refresh(member(t, first, "refresh_token"))
	if second.Code != 200 || member(t, second, "scope") != "banqbridge_client" {
		t.Fatalf("the refresh returns %d %s", second.Code, second.Body)
	}
	if member(t, first, "session_state") != member(t, second, "session_state") {
		t.Error("the refresh changed the session")
	}
	if again := refresh(member(t, first, "refresh_token")); again.Code != 400 || member(t, again, "error") != "invalid_grant" {
		t.Errorf("a used refresh token returns %d %s", again.Code, again.Body)
	}
	if got := vendor.Valid(); got != 3 {
		t.Errorf("%d tokens are valid, want both access tokens and the second refresh token", got)
	}
	send(t, vendor, strings.Replace(neonomics, "/token", "/revoke", 1), form,
		"token="+member(t, second, "refresh_token")+"&token_type_hint=refresh_token&client_id=id&client_secret=secret")
	if got := vendor.Valid(); got != 0 {
		t.Errorf("%d tokens are valid after the end of the session", got)
	}
}

func TestNeucronCodeCanBeUsedOnce(t *testing.T) {
	t.Parallel()
	vendor := vendors.Neucron(app)
	code := member(t, send(t, vendor, "POST /oauth/authorize", "Authorization: Bearer YourAccessToken\nContent-Type: application/json", authorize), "data", "code")
	exchange := func() *httptest.ResponseRecorder {
		return send(t, vendor, "POST /oauth/token", "Content-Type: application/json",
			`{"token": {"auth_code": "`+code+`", "key_id": "YourKeyID", "key_secret": "YourKeySecret"}}`)
	}
	token := member(t, exchange(), "data", "access_token")
	if status := send(t, vendor, "GET /api/wallets", "Authorization: Bearer "+token, "").Code; status != 200 {
		t.Errorf("the API returns %d, want 200", status)
	}
	if again := exchange(); again.Code != 401 {
		t.Errorf("the second use returns %d, want 401", again.Code)
	}
}
