// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package benchtf

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/acctest"
)

// The defaults make a run of seconds. make bench-terraform sets more.
var (
	kinds        = listOf(dataKind, ephemeralKind)
	tokens       = listOf(1)
	clients      = listOf(1)
	rounds       = flag.Int("rounds", 1, "number of `rounds`")
	planAbove    = flag.Int("plan-above", many, "configurations with more `tokens` are planned only")
	destroyAbove = flag.Int("destroy-above", 100, "configurations with more `data sources` are not destroyed")
	starts       = flag.Int("starts", 3, "`number` of starts of each provider")
	out          = flag.String("out", "", "`directory` for the results and the page; absolute, none if empty")
	version      = flag.String("version", "dev", "`version` of this provider, for the page")
	peers        peersFlag
	update       = flag.Bool("update", false, "make the pages from their results again")
)

func init() {
	flag.Var(kinds, "kinds", "comma-separated `kinds` of blocks: data, ephemeral")
	flag.Var(tokens, "tokens", "comma-separated `numbers` of tokens")
	flag.Var(clients, "clients", "comma-separated `numbers` of clients")
	flag.Var(&peers, "peer", "another provider, `NAME=EXECUTABLE[,TEMPLATE]`; can be repeated")
}

func TestMain(m *testing.M) { acctest.Main(m.Run) }

// list is a flag with comma-separated values.
type list[T string | int] []T

func listOf[T string | int](values ...T) *list[T] { return (*list[T])(&values) }

func (l *list[T]) String() string { return fmt.Sprint(*l) }

func (l *list[T]) Set(text string) error {
	*l = nil
	for value := range strings.SplitSeq(text, ",") {
		var one T
		switch to := any(&one).(type) {
		case *string:
			*to = value
		case *int:
			number, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			*to = number
		}
		*l = append(*l, one)
	}
	return nil
}

// peersFlag are other providers.
type peersFlag []provider

func (p *peersFlag) String() string { return fmt.Sprint(*p) }

func (p *peersFlag) Set(text string) error {
	name, files, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q is not NAME=EXECUTABLE[,TEMPLATE]", text)
	}
	executable, template, _ := strings.Cut(files, ",")
	one, err := newProvider(name, executable, template)
	*p = append(*p, one)
	return err
}
