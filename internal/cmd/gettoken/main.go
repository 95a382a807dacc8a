// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

// Command gettoken gets a token as the provider does, but without Terraform, and
// prints its SHA-256. Tests and benchmarks run many of it that share a cache.
//
//	CLIENT_SECRET=… gettoken -token-endpoint URL -client-id ID [-folder DIR | -redis URL]
package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/httpstack"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/oauth2"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/secret"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/filestore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokensource"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "gettoken:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	endpoint := flag.String("token-endpoint", "", "")
	id := flag.String("client-id", "", "")
	folder := flag.String("folder", "", "directory of a file cache")
	redis := flag.String("redis", "", "URL of a Redis cache")
	flag.Parse()

	store, err := open(*folder, *redis)
	if err != nil {
		return err
	}
	stack, err := httpstack.New(httpstack.Config{})
	if err != nil {
		return err
	}
	source := tokensource.New(tokensource.Config{HTTP: stack, Cache: tokensource.Cache{Store: store}})
	session, err := source.Open(ctx, tokensource.ClientConfig{
		Server:      tokensource.Server{TokenEndpoint: *endpoint},
		Credentials: tokensource.Credentials{ClientID: *id, ClientSecret: secret.New(os.Getenv("CLIENT_SECRET"))},
		Request:     oauth2.TokenRequest{GrantType: tokensource.GrantClientCredentials},
	}, false)
	if err != nil {
		return err
	}
	fmt.Printf("%x\n", sha256.Sum256([]byte(session.Token().AccessToken.Reveal())))
	return source.CacheErr()
}

// open opens the given cache, or returns nil.
func open(folder, redis string) (tokencache.Store, error) {
	switch {
	case folder != "":
		return filestore.Open(folder, time.Now)
	case redis != "":
		return redisstore.Open(redisstore.Config{URL: secret.New(redis)})
	default:
		return nil, nil
	}
}
