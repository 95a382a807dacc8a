// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command authserver runs the mock authorization server and its protected API
// on one loopback port, to try requests by hand:
//
//	go run ./internal/cmd/authserver -client-id demo -client-secret demo
//
// When it is ready it prints one line of JSON with its URLs, then one line per
// request on stderr. It listens on loopback addresses only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authserver"
)

func main() {
	// No need to stop the notification: the process ends.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "authserver:", err)
		os.Exit(1)
	}
}

type options struct {
	listen string
	client authserver.Client
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, opts.listen)
	if err != nil {
		return err
	}
	origin := "http://" + listener.Addr().String()
	server, err := authserver.New(authserver.Config{
		Issuer:  origin,
		Clients: []authserver.Client{opts.client},
		Logger:  slog.New(slog.NewTextHandler(stderr, nil)),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ready := map[string]string{
		"issuer":         server.Issuer(),
		"token_endpoint": server.TokenURL(),
		"api":            origin + "/api",
		"stats":          origin + "/stats",
	}
	if err := json.NewEncoder(stdout).Encode(ready); err != nil {
		return errors.Join(err, listener.Close())
	}
	return serve(ctx, listener, routes(server))
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opts options
	var scopes string
	flags := flag.NewFlagSet("authserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opts.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on")
	flags.StringVar(&opts.client.ID, "client-id", "demo", "`id` of the one registered client (client_secret_basic)")
	flags.StringVar(&opts.client.Secret, "client-secret", "demo", "`secret` of that client")
	flags.StringVar(&opts.client.TokenFormat, "token-format", authserver.JWT, "`format` of access tokens: opaque or jwt")
	flags.DurationVar(&opts.client.Lifetime, "lifetime", time.Hour, "`lifetime` of access tokens; 0 for none")
	flags.StringVar(&scopes, "scopes", "api:read", "space-separated `scopes` of the client")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	opts.client.Scopes = strings.Fields(scopes)
	return opts, nil
}

// listen refuses addresses that other machines could reach.
func listen(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w", err)
	}
	if host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, fmt.Errorf("-listen: %q is not a loopback address", address)
	}
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", address)
}

func routes(server *authserver.Server) http.Handler {
	api := http.StripPrefix("/api", server.API())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/"):
			api.ServeHTTP(w, r)
		case r.URL.Path == "/stats":
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(count(server))
		default:
			server.ServeHTTP(w, r)
		}
	})
}

type stats struct {
	TokenRequests int         `json:"token_requests"`
	APICalls      map[int]int `json:"api_calls"` // by status
}

func count(server *authserver.Server) stats {
	s := stats{TokenRequests: server.Count(authserver.TokenEndpoint), APICalls: map[int]int{}}
	for _, call := range server.Requests(authserver.API) {
		s.APICalls[call.Status]++
	}
	return s
}

// serve serves until ctx ends.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
