// Command srv is the test workload of the rig's pods: servers that tell which
// pod answered and which client address it saw, and that misbehave on request.
//
//	srv -http :300,:301 -tcp :7 -udp :7
//	srv -http 127.0.0.1:300           listens where no service can reach it
//	srv -http :300 -unready-after 5s  /ready answers 503 after five seconds
//	srv -http :300 -fault reset       see -help for the faults
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

type options struct {
	http, tcp, udp string
	unreadyAfter   time.Duration
	delay          time.Duration
	fault          fault
	lameDuck       time.Duration
	apiServer      bool
}

func main() {
	log.SetFlags(log.LUTC | log.Lmicroseconds)
	var o options
	flag.StringVar(&o.http, "http", "", "comma-separated addresses that answer HTTP")
	flag.StringVar(&o.tcp, "tcp", "", "comma-separated addresses that echo TCP after a first line that names the pod and the client")
	flag.StringVar(&o.udp, "udp", "", "comma-separated addresses that echo UDP, each datagram behind such a line")
	flag.DurationVar(&o.unreadyAfter, "unready-after", 0, "from then on /ready answers 503; 0 is never")
	flag.DurationVar(&o.delay, "delay", 0, "wait this long before each HTTP answer")
	flag.DurationVar(&o.lameDuck, "lame-duck", 0, "keep serving this long after SIGTERM")
	flag.BoolVar(&o.apiServer, "api-server", false, "answer every HTTP request as an API server answers an anonymous client: 403, with a Status")
	flag.TextVar(&o.fault, "fault", noFault, "what TCP and HTTP ports do: none, reset (accept, then reset), close (accept, then close), hang (accept, never answer)")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	s := &server{pod: host, delay: o.delay, fault: o.fault, ready: newReadiness(o.unreadyAfter), apiServer: o.apiServer}
	failed := make(chan error)
	for _, k := range []struct {
		list  string
		serve func(addr string) error
	}{{o.http, s.http}, {o.tcp, s.tcp}, {o.udp, s.udp}} {
		for _, addr := range addresses(k.list) {
			go func() { failed <- fmt.Errorf("%s: %w", addr, k.serve(addr)) }()
		}
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		time.Sleep(o.lameDuck)
		return nil
	}
}

func addresses(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// listen opens a TCP listener whose connections have the fault.
func listen(addr string, f fault) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &faulty{Listener: l, fault: f}, nil
}

var errBadFault = errors.New("want none, reset, close or hang")
