// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// callTimeout is ample for a server on the same machine.
const callTimeout = 10 * time.Second

// call gets the URL that is its one argument, as `curl --fail` would. It stands
// in for curl, which not every machine has.
func call(ctx context.Context, args []string, authorization string) error {
	if len(args) != 1 {
		return errors.New("usage: demo call URL")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], http.NoBody) //nolint:gosec // calling what it is told to is its purpose
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", authorization)
	response, err := new(http.Client).Do(request) //nolint:gosec // see above
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", args[0], response.Status)
	}
	return nil
}
