// Copyright (c) The oauth2cc Authors
// SPDX-License-Identifier: MPL-2.0

package redisstore_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/authservertest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/redistest"
	"github.com/oauth2cc/terraform-provider-oauth2cc/internal/tokencache/redisstore"
)

// certified are options of servers that verify each other, and whom to trust.
func certified(t *testing.T, names ...string) (redistest.Options, *tls.Config) {
	t.Helper()
	ca := authservertest.NewAuthority(t)
	template := &x509.Certificate{
		NotAfter:    time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    names,
	}
	if names == nil {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	certificate := ca.Issue(t, authservertest.NewKey(t, authservertest.P256), template)
	return redistest.Options{TLS: &certificate, ClientCA: ca.PEM()}, &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}
}

// TestTLSOfAll has a cluster and Sentinels whose servers all speak TLS only. They announce
// the address that their certificates are for, or that they are not for.
func TestTLSOfAll(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, options redistest.Options) (url string){
		"cluster": func(t *testing.T, options redistest.Options) string {
			t.Helper()
			return redistest.StartCluster(t, options).URL("", "")
		},
		"sentinel": func(t *testing.T, options redistest.Options) string {
			t.Helper()
			return redistest.StartSentinel(t, 1, options, options).URL("", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, trusted := certified(t)
			unlock, err := useAll(t, open(t, start(t, options), trusted))
			unlock()
			if err != nil {
				t.Error(err)
			}
		})
		t.Run(name+", other host", func(t *testing.T) {
			t.Parallel()
			options, trusted := certified(t, "localhost")
			url := strings.ReplaceAll(start(t, options), "127.0.0.1", "localhost") // the servers announce 127.0.0.1
			for operation, err := range outcomes(t, open(t, url, trusted)) {
				if !errors.Is(err, redisstore.ErrTLS) || !strings.Contains(err.Error(), "127.0.0.1") {
					t.Errorf("%s: %v", operation, err)
				}
			}
		})
	}
}

// TestTLSOfNames has a cluster that announces a name, which its certificates are for.
func TestTLSOfNames(t *testing.T) {
	t.Parallel()
	options, trusted := certified(t, "localhost")
	options.Directives = []string{"cluster-announce-hostname localhost", "cluster-preferred-endpoint-type hostname"}
	url := strings.ReplaceAll(redistest.StartCluster(t, options).URL("", ""), "127.0.0.1", "localhost")
	unlock, err := useAll(t, open(t, url, trusted))
	unlock()
	if err != nil {
		t.Error(err)
	}
}

// announces replies to all commands with the same text, but those that a connection
// begins with.
func announces(text string) func(net.Conn) {
	return func(connection net.Conn) {
		command := make([]byte, 64<<10)
		for {
			length, err := connection.Read(command)
			if err != nil {
				return
			}
			reply := text
			switch sent := bytes.ToLower(command[:length]); {
			case bytes.Contains(sent, []byte("hello")):
				reply = "-ERR unknown command 'HELLO'\r\n"
			case bytes.Contains(sent, []byte("auth")):
				reply = "+OK\r\n"
			}
			if _, err := io.WriteString(connection, reply); err != nil {
				return
			}
		}
	}
}

// Replies that name an address: to CLUSTER SLOTS, and to SENTINEL GET-MASTER-ADDR-BY-NAME.
const (
	slotsReply  = "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$%d\r\n%s\r\n:%s\r\n"
	masterReply = "*2\r\n$%d\r\n%s\r\n$5\r\n%05s\r\n"
)

// announcing are URLs of a cluster and of Sentinels that name an address.
func announcing(t *testing.T, host, port string) map[string]string {
	t.Helper()
	return map[string]string{
		"cluster":  everyTopology(listen(t, announces(fmt.Sprintf(slotsReply, len(host), host, port))))["cluster, "],
		"sentinel": everyTopology(listen(t, announces(fmt.Sprintf(masterReply, len(host), host, port))))["sentinel, "],
	}
}

// TestAnnouncedServerIsNotTrusted: the replies of a server that another names are bounded
// too, and no address is not taken for this machine.
func TestAnnouncedServerIsNotTrusted(t *testing.T) {
	t.Parallel()
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(listen(t, says("*10000000000\r\n")), "redis://"))
	for announced, says := range map[string]string{host: "its reply has more than", "": "announces no address"} {
		for name, url := range announcing(t, announced, port) {
			t.Run(name+" "+announced, func(t *testing.T) {
				t.Parallel()
				for operation, err := range outcomes(t, open(t, url, nil)) {
					if !errors.Is(err, redisstore.ErrUnavailable) || !strings.Contains(err.Error(), says) {
						t.Errorf("%s: %v", operation, err)
					}
				}
			})
		}
	}
}

// TestOddAnnouncements: a reply of another form than the protocol's ends neither the
// process nor the patience of a caller.
func TestOddAnnouncements(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"no array":       "*-1\r\n",
		"an empty array": "*0\r\n",
		"one element":    "*1\r\n$1\r\na\r\n",
		"three":          "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n",
		"no strings":     "*2\r\n$-1\r\n$-1\r\n",
		"no addresses":   "*1\r\n*2\r\n:0\r\n:16383\r\n",
		"odd slots":      "*1\r\n*3\r\n:-5\r\n:99999\r\n*2\r\n$1\r\na\r\n:0\r\n",
		"moved nowhere":  "-MOVED\r\n",
		"moved to text":  "-MOVED a b\r\n",
	} {
		urls := everyTopology(listen(t, announces(reply)))
		for _, kind := range []string{"cluster, ", "sentinel, "} {
			t.Run(kind+name, func(t *testing.T) {
				t.Parallel()
				outcomes(t, open(t, urls[kind], nil))
			})
		}
	}
}

// TestTLSIsNeverLost: a server that is announced over TLS gets no byte of the password
// without.
func TestTLSIsNeverLost(t *testing.T) {
	t.Parallel()
	ca := authservertest.NewAuthority(t)
	certificate := ca.Issue(t, authservertest.NewKey(t, authservertest.P256), &x509.Certificate{
		NotAfter:    time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	})
	received := make(chan byte, 1000)
	plain := listen(t, func(connection net.Conn) {
		first := make([]byte, 1)
		if _, err := io.ReadFull(connection, first); err == nil {
			received <- first[0]
		}
	})
	host, port, _ := net.SplitHostPort(strings.TrimPrefix(plain, "redis://"))
	t.Cleanup(func() {
		for range len(received) {
			if got := <-received; got != 22 { // a handshake: RFC 8446 section 5.1
				t.Errorf("a connection begins with %q", got)
			}
		}
	})
	for kind, reply := range map[string]string{"cluster": slotsReply, "sentinel": masterReply} {
		url := listen(t, func(connection net.Conn) {
			announces(fmt.Sprintf(reply, len(host), host, port))(tls.Server(connection, &tls.Config{
				Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
			}))
		})
		url = strings.Replace(everyTopology(url)[kind+", "], "redis+"+kind+"://", "rediss+"+kind+"://fleet:password@", 1)
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			mustAllFail(t, open(t, url, &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}), redisstore.ErrTLS)
		})
	}
}
