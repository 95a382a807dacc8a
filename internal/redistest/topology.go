// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redistest

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Cluster is a Redis Cluster without replicas.
type Cluster []*Server

// slots is how many hash slots a cluster has.
const slots = 16384

// StartCluster starts three servers that form a cluster. With TLS, the options need an
// authority, since the servers verify each other; they do not require certificates of
// clients.
func StartCluster(t testing.TB, options Options) Cluster {
	t.Helper()
	const size = 3
	options.cluster = true
	options.Directives = slices.Concat(options.Directives, peerTLS(options, "tls-cluster yes"))
	nodes := make(Cluster, size)
	for i := range nodes {
		nodes[i] = Start(t, options)
		first, last := strconv.Itoa(i*slots/size), strconv.Itoa((i+1)*slots/size-1)
		nodes[i].must(t, "+OK", "CLUSTER", "ADDSLOTSRANGE", first, last)
		nodes[i].must(t, "+OK", "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
	}
	for _, node := range nodes[1:] {
		host, port, _ := net.SplitHostPort(node.Address)
		nodes[0].must(t, "+OK", "CLUSTER", "MEET", host, port, node.bus)
	}
	for _, node := range nodes {
		eventually(t, func() bool {
			info := node.Do(t, "CLUSTER", "INFO")
			return field(info, "cluster_state:", "\r") == "ok" && field(info, "cluster_known_nodes:", "\r") == strconv.Itoa(size)
		})
	}
	return nodes
}

// URL returns the cluster's URL, which names two of the nodes, for a user with a password;
// both may be empty.
func (c Cluster) URL(user, password string) string {
	transport, first, _ := strings.Cut(c[0].URL(user, password), "://")
	return transport + "+cluster://" + first + "," + c[1].Address
}

// Owner returns the index of the node that a key belongs to, before any slot moves.
func (c Cluster) Owner(t testing.TB, key string) int {
	t.Helper()
	slot, err := strconv.Atoi(strings.TrimPrefix(c[0].Do(t, "CLUSTER", "KEYSLOT", key), ":"))
	if err != nil {
		t.Fatal(err)
	}
	return min(slot*len(c)/slots, len(c)-1)
}

// Replicated is a master with a replica, and the Sentinels that watch both.
type Replicated struct {
	Master, Replica *Server
	Sentinels       []*Server
}

// MasterName is the name that Sentinels know their master by.
const MasterName = "fleet-cache"

// StartSentinel starts a master, a replica, and so many Sentinels, whose majority
// replaces a master that is down for a third of a second. Their options may differ, but
// for TLS; see StartCluster.
func StartSentinel(t testing.TB, count int, options, sentinel Options) *Replicated {
	t.Helper()
	options.Directives = slices.Concat(options.Directives, []string{"repl-diskless-sync-delay 0"}, peerTLS(options, "tls-replication yes"))
	r := &Replicated{Master: Start(t, options)}
	options.Directives = append(options.Directives, "replicaof "+strings.Replace(r.Master.Address, ":", " ", 1))
	r.Replica = Start(t, options)
	eventually(t, func() bool { return strings.Contains(r.Master.Do(t, "INFO", "replication"), "state=online") })
	sentinel.monitor = r.Master.Address
	sentinel.Directives = slices.Concat(sentinel.Directives, peerTLS(sentinel, "tls-replication yes"))
	for range count {
		r.Sentinels = append(r.Sentinels, Start(t, sentinel))
	}
	for _, one := range r.Sentinels {
		eventually(t, func() bool {
			info := one.Do(t, "INFO", "sentinel")
			return strings.Contains(info, fmt.Sprintf("status=ok,address=%s,slaves=1,sentinels=%d", r.Master.Address, count))
		})
	}
	return r
}

// URL returns the URL of the Sentinels for a user of the master with a password; both
// may be empty.
func (r *Replicated) URL(user, password string) string {
	transport, first, _ := strings.Cut(r.Sentinels[0].URL(user, password), "://")
	for _, one := range r.Sentinels[1:] {
		first += "," + one.Address
	}
	return transport + "+sentinel://" + first + "/" + MasterName
}

// FailOver kills the master and waits until the Sentinels name the replica.
func (r *Replicated) FailOver(t testing.TB) {
	t.Helper()
	r.Master.Kill()
	r.AwaitFailOver(t)
}

// AwaitFailOver waits until all Sentinels name the replica as master.
func (r *Replicated) AwaitFailOver(t testing.TB) {
	t.Helper()
	for _, one := range r.Sentinels {
		eventually(t, func() bool { return strings.Contains(one.Do(t, "INFO", "sentinel"), "address="+r.Replica.Address) })
	}
}

// monitoring are the lines of a Sentinel's configuration.
func monitoring(master string) []string {
	return []string{
		"sentinel monitor " + MasterName + " " + strings.Replace(master, ":", " ", 1) + " 1",
		"sentinel down-after-milliseconds " + MasterName + " 333",
		"sentinel failover-timeout " + MasterName + " 2000",
	}
}

// peerTLS are lines for servers that connect to each other.
func peerTLS(options Options, directive string) []string {
	if options.TLS == nil {
		return nil
	}
	return []string{directive, "tls-auth-clients no"}
}

// must sends a command whose reply is known.
func (s *Server) must(t testing.TB, want string, words ...string) {
	t.Helper()
	if got := s.Do(t, words...); got != want {
		t.Fatalf("%s: %s", strings.Join(words, " "), got)
	}
}

// field returns what is between two texts.
func field(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

// eventually waits until servers have agreed.
func eventually(t testing.TB, agreed func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for late := time.After(startTimeout); !agreed(); {
		select {
		case <-ticker.C:
		case <-late:
			t.Fatal("the servers do not agree")
		}
	}
}
