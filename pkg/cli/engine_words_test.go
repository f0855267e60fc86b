package cli

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"syscall"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
)

func TestWhatAPortOrAnEndpointMetIsToldAlikeByRunAndForward(t *testing.T) {
	way := engine.Way{Namespace: "docs", Service: "web", Protocol: "TCP", NodePort: 30033, Address: netip.MustParseAddrPort("127.0.0.1:30033")}
	endpoint := netip.MustParseAddrPort("10.2.1.7:300")
	system := func(op, call string, err error) error {
		return &net.OpError{Op: op, Net: "tcp4", Addr: net.TCPAddrFromAddrPort(endpoint), Err: os.NewSyscallError(call, err)}
	}
	for _, test := range []struct {
		name string
		e    engine.Event
		want string
	}{
		{
			"a port that the system refuses, without the words of package net",
			engine.Event{Kind: engine.PortFailed, Err: fmt.Errorf("only root may open it: %w", system("listen", "bind", syscall.EACCES))},
			"warning: service web: 127.0.0.1:30033 cannot be opened: only root may open it: permission denied; it is tried again\n",
		},
		{
			"a port that another service has",
			engine.Event{Kind: engine.PortFailed, Err: &engine.ClashError{Holder: engine.Way{Namespace: "docs", Service: "other", Address: way.Address}}},
			"warning: service web: 127.0.0.1:30033 is already that of service docs/other; it is tried again\n",
		},
		{
			"a protocol that the machine does not have",
			engine.Event{Kind: engine.PortUnsupported, Err: errors.ErrUnsupported},
			"warning: service web: 127.0.0.1:30033 is not served: this machine does not support TCP\n",
		},
		{
			"an address that is not allowed",
			engine.Event{Kind: engine.PortForbidden, Err: &engine.NotAllowedError{Address: way.Address}},
			"warning: service web: 127.0.0.1:30033 is not opened: only loopback addresses are\n",
		},
		{
			"an endpoint that refuses",
			engine.Event{Kind: engine.EndpointFailed, Endpoint: endpoint, Err: system("dial", "connect", syscall.ECONNREFUSED)},
			"warning: service web: endpoint 10.2.1.7:300 cannot be reached: connection refused\n",
		},
		{
			"a limit",
			engine.Event{Kind: engine.LimitReached, Err: &engine.LimitError{Max: 3}},
			"warning: service web: clients are turned away: 3 are open, and no more are allowed\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.e.Way = way
			for command, got := range toldBy(test.e) {
				if got != test.want {
					t.Errorf("%s tells %q, want %q", command, got, test.want)
				}
			}
		})
	}
}

// toldBy is what the two commands tell of an event.
func toldBy(e engine.Event) map[string]string {
	var forward, run bytes.Buffer
	newTeller(newFactory(genericiooptions.IOStreams{ErrOut: &forward}), false, false).event(e)
	o := &runOptions{factory: newFactory(genericiooptions.IOStreams{ErrOut: &run})}
	newRunTeller(o, nil).tellFailures([]local.Event{{Kind: local.Port, Engine: e}})
	return map[string]string{"forward": forward.String(), "run": run.String()}
}

func TestOfAPortThatIsTakenItIsToldWhoHasItAndWhatToDo(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	at := netip.MustParseAddrPort(listener.Addr().String())
	told := toldBy(engine.Event{
		Kind: engine.PortFailed, Way: engine.Way{Service: "web", Protocol: "TCP", NodePort: 30033, Address: at},
		Err: &engine.HeldError{Address: at, Process: "nc", PID: 12},
	})
	held := fmt.Sprintf(`^warning: service web: %s is taken by nc \(process 12\); it is tried again\n  fix: end what has the port, or `, at)
	if want := held + `give the service another nodePort\n$`; !regexp.MustCompile(want).MatchString(told["run"]) {
		t.Errorf("run tells %q", told["run"])
	}
	if want := held + `open it under another number: --map 30033=\d+, or --port-offset for all\n$`; !regexp.MustCompile(want).MatchString(told["forward"]) {
		t.Errorf("forward tells %q", told["forward"])
	}
}
