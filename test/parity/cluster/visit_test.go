package cluster

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// What a visitor meets, when not a pod.
const (
	refused  = "refused"
	timedOut = "timed out"
	cut      = "cut" // connected, and then not
)

// patience is how long a visitor waits for an answer, and limit how long until
// a change has arrived everywhere.
const (
	patience = 2 * time.Second
	limit    = time.Minute
)

// door is a node port on a node.
type door struct {
	network string
	node    *rig.Node
	port    int32
}

func (d door) address() string { return fmt.Sprintf("%s:%d", d.node.Addr(), d.port) }

func (d door) String() string { return d.address() + "/" + d.network }

// doors are those of a service.
type doors []door

// over returns the doors of a network: tcp or udp.
func (all doors) over(network string) doors {
	return slices.DeleteFunc(slices.Clone(all), func(d door) bool { return d.network != network })
}

// on returns the doors of one node.
func (all doors) on(n *rig.Node) doors {
	return slices.DeleteFunc(slices.Clone(all), func(d door) bool { return d.node != n })
}

// visit is a connection, or the socket of a flow.
type visit struct {
	net.Conn
	lines *bufio.Reader
}

// knock opens a connection from a host, which for UDP sends nothing yet.
func knock(ctx context.Context, from *rig.Host, d door) (*visit, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := from.DialContext(ctx, d.network, d.address())
	if err != nil {
		return nil, err
	}
	return &visit{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

// ask returns which pod answers, and which client that sees, or what happened instead.
func (v *visit) ask() (who, client string) {
	_ = v.SetDeadline(time.Now().Add(patience))
	_, err := v.Write([]byte("?\n"))
	var line string
	if err == nil {
		line, err = v.lines.ReadString('\n')
	}
	if err != nil {
		return what(err), ""
	}
	v.lines.Reset(v.Conn) // of a datagram, the rest
	if _, err := fmt.Sscanf(line, "pod %s client %s", &who, &client); err != nil {
		return fmt.Sprintf("an answer of another: %q", line), ""
	}
	return who, client
}

func what(err error) string {
	timeout := net.Error(nil)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return timedOut
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return cut
	}
	return err.Error()
}

// once visits and leaves.
func once(ctx context.Context, from *rig.Host, d door) (who, client string) {
	v, err := knock(ctx, from, d)
	if err != nil {
		return what(err), ""
	}
	defer v.Close()
	return v.ask()
}

// visitors is how many come at once: of two pods each meets one, almost certainly.
const visitors = 12

// met returns what many visitors meet, each once and in order.
func met(ctx context.Context, from *rig.Host, d door) []string {
	all := make([]string, visitors)
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() { all[i], _ = once(ctx, from, d) })
	}
	wait.Wait()
	slices.Sort(all)
	return slices.Compact(all)
}

// meets waits until visitors of every door meet what is wanted, and all of
// it, twice in a row.
func (s *scene) meets(all doors, want ...string) {
	s.Helper()
	s.meetsFrom(s.cluster.Client(), all, want...)
}

func (s *scene) meetsFrom(from *rig.Host, all doors, want ...string) {
	s.Helper()
	slices.Sort(want)
	s.each(all, func(d door) func() error {
		agreed := 0
		return func() error {
			got := met(s.Context(), from, d)
			if !slices.Equal(got, want) {
				agreed = 0
				return fmt.Errorf("from %s one meets %s at %s, and not %s", from.Name(), strings.Join(got, ", "), d, strings.Join(want, ", "))
			}
			if agreed++; agreed < 2 {
				return errors.New("seen once only")
			}
			return nil
		}
	})
}

// sticks waits until all visitors of every door meet the same pod there, and
// returns which.
func (s *scene) sticks(all doors) map[door]string {
	s.Helper()
	var mu sync.Mutex
	kept := map[door]string{}
	s.each(all, func(d door) func() error {
		before := ""
		return func() error {
			got := met(s.Context(), s.cluster.Client(), d)
			same := len(got) == 1 && got[0] == before && (before == "a" || before == "b")
			before = got[0]
			if !same {
				return fmt.Errorf("a client meets %s at %s, and not one pod", strings.Join(got, ", "), d)
			}
			mu.Lock()
			kept[d] = before
			mu.Unlock()
			return nil
		}
	})
	return kept
}

// each tries at all doors at the same time, again and again until each is as
// it should be. What is given returns how to try at a door.
func (s *scene) each(all doors, at func(door) func() error) {
	s.Helper()
	if len(all) == 0 {
		s.Fatal("the service has no such node port")
	}
	var wait sync.WaitGroup
	for _, d := range all {
		wait.Go(func() {
			if err := until(s.Context(), at(d)); err != nil {
				s.Error(err)
			}
		})
	}
	wait.Wait()
	if s.Failed() {
		s.FailNow()
	}
}

// until tries again and again for some time, and returns the last error.
func until(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("still after %s: %w", limit, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// flow is a socket from which datagrams leave again and again, so that they
// are one flow to all in between.
func (s *scene) flow(d door) *visit {
	s.Helper()
	v, err := knock(s.Context(), s.cluster.Client(), d)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { v.Close() })
	return v
}

// moves waits until each flow meets one of the wanted.
func (s *scene) moves(flows []*visit, want ...string) {
	s.Helper()
	for _, v := range flows {
		rig.Eventually(s, limit, func() error {
			if got, _ := v.ask(); !slices.Contains(want, got) {
				return fmt.Errorf("the flow from %s to %s meets %s, and not %s", v.LocalAddr(), v.RemoteAddr(), got, strings.Join(want, " or "))
			}
			return nil
		})
	}
}

// echoes waits until so many bytes come back from each door as they were sent.
func (s *scene) echoes(all doors, size int) {
	s.Helper()
	sent := make([]byte, size)
	_, _ = rand.Read(sent)
	s.each(all, func(d door) func() error {
		return func() error {
			v, err := knock(s.Context(), s.cluster.Client(), d)
			if err != nil {
				return err
			}
			defer v.Close()
			_ = v.SetDeadline(time.Now().Add(10 * patience))
			go func() { _, _ = v.Write(sent) }()
			if _, err := v.lines.ReadString('\n'); err != nil {
				return fmt.Errorf("%s: %w", d, err)
			}
			got := make([]byte, size)
			if n, err := io.ReadFull(v.lines, got); err != nil {
				return fmt.Errorf("%s: %d of %d bytes came back: %w", d, n, size, err)
			}
			if !bytes.Equal(got, sent) {
				return fmt.Errorf("%s: other bytes came back than were sent", d)
			}
			return nil
		}
	})
}
