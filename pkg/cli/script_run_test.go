package cli

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// These commands of scripts run the program beside the script:
//
//	start NAME ARG ...    starts it; files are named from the root
//	await NAME TEXT       waits until it has written a text since the last await
//	interrupt NAME        presses Ctrl-C; what it wrote becomes the script's output
//	fetch ADDRESS         prints a page, or what the connection met
//
// $PORT is a port that nothing listens on.
func (s *scripts) runCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"start": s.start, "await": s.await, "interrupt": s.interrupt, "fetch": fetch,
	}
}

// running is the program beside a script.
type running struct {
	out, errOut written
	cancel      context.CancelFunc
	code        chan int
	changed     chan struct{}
	// read is how much of each stream was awaited already.
	read [2]int
}

// written keeps what was written, and tells that something was.
type written struct {
	mu      sync.Mutex
	buffer  bytes.Buffer
	changed chan<- struct{}
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
	return w.buffer.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buffer.String()
}

func (s *scripts) start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME ARG ...")
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, code: make(chan int, 1), changed: make(chan struct{}, 1)}
	r.out.changed, r.errOut.changed = r.changed, r.changed
	ts.Defer(cancel)
	s.mu.Lock()
	if s.running == nil {
		s.running = map[*testscript.TestScript]map[string]*running{}
	}
	if s.running[ts] == nil {
		s.running[ts] = map[string]*running{}
	}
	s.running[ts][args[0]] = r
	s.mu.Unlock()
	go func() {
		streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &r.out, ErrOut: &r.errOut}
		r.code <- Run(ctx, args[1:], streams)
	}()
}

func (s *scripts) runningAs(ts *testscript.TestScript, args []string, count int) *running {
	if len(args) != count {
		ts.Fatalf("want %d arguments", count)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running[ts][args[0]]
	if r == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	return r
}

func (s *scripts) await(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("what is never written cannot be awaited")
	}
	r := s.runningAs(ts, args, 2)
	limit := time.AfterFunc(time.Minute, r.cancel)
	defer limit.Stop()
	for {
		for i, w := range []*written{&r.out, &r.errOut} {
			text := w.String()
			if at := strings.Index(text[r.read[i]:], args[1]); at >= 0 {
				r.read[i] += at + len(args[1])
				return
			}
		}
		select {
		case code := <-r.code:
			ts.Fatalf("it ended with code %d before it wrote %q:\n%s%s", code, args[1], r.out.String(), r.errOut.String())
		case <-r.changed:
		}
	}
}

func (s *scripts) interrupt(ts *testscript.TestScript, neg bool, args []string) {
	r := s.runningAs(ts, args, 1)
	r.cancel()
	code := <-r.code
	_, _ = io.WriteString(ts.Stdout(), r.out.String())
	_, _ = io.WriteString(ts.Stderr(), r.errOut.String())
	if want := map[bool]int{false: 0, true: 1}[neg]; code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func fetch(ts *testscript.TestScript, neg bool, args []string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Get("http://" + args[0])
	if (err != nil) != neg {
		ts.Fatalf("fetching %s: %v", args[0], err)
	}
	if err != nil {
		_, _ = io.WriteString(ts.Stdout(), err.Error()+"\n")
		return
	}
	defer response.Body.Close()
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
}

// freePort is a port that nothing listens on, at any address.
func freePort(env *testscript.Env) error {
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	env.Setenv("PORT", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	return nil
}

// ownSockets keeps the runs of the tests from those of the user.
func ownSockets(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "run") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	before, had := os.LookupEnv("XDG_RUNTIME_DIR")
	if err := os.Setenv("XDG_RUNTIME_DIR", dir); err != nil { // t.Setenv is not for parallel tests
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.RemoveAll(dir)
		if had {
			_ = os.Setenv("XDG_RUNTIME_DIR", before)
		} else {
			_ = os.Unsetenv("XDG_RUNTIME_DIR")
		}
	})
}
