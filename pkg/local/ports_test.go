package local

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

func TestNoPortIsGivenToTwoCommands(t *testing.T) {
	inFolder(t)
	avoided := nodeport.Range{First: 20000, Last: 24999}
	pools := []*portPool{newPortPool(avoided), newPortPool(avoided)} // of two runs
	seen := map[uint16]bool{}
	for range 200 {
		for _, pool := range pools {
			port, err := pool.take()
			if err != nil {
				t.Fatal(err)
			}
			if seen[port] || port < firstCommandPort || port > lastCommandPort || port <= 24999 {
				t.Fatalf("port %d is given out", port)
			}
			seen[port] = true
		}
	}
	for _, pool := range pools {
		for port := range seen {
			pool.giveBack(port)
		}
		if len(pool.held) > 0 {
			t.Errorf("%d ports are still held", len(pool.held))
		}
	}
	for _, name := range lockNames(t) {
		if runtime.GOOS != "windows" {
			t.Errorf("%s is left", name)
		}
	}
}

// lockNames returns the locks of ports that there are.
func lockNames(t *testing.T) []string {
	t.Helper()
	folders, err := privateFolders()
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	var names []string
	for _, name := range filesOf(t, folders[0]) {
		if strings.HasPrefix(name, "port-") {
			names = append(names, name)
		}
	}
	return names
}

func TestAPortIsAskedForOnlyWhileOneIsFree(t *testing.T) {
	inFolder(t)
	pool := newPortPool(nodeport.Range{First: firstCommandPort + 1, Last: lastCommandPort})
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", firstCommandPort))
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	if port, err := pool.take(); err == nil {
		t.Errorf("port %d is given out, which is in use", port)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if port, err := pool.take(); err != nil || port != firstCommandPort {
		t.Errorf("got %d, %v", port, err)
	}
}

func TestACommandThatFindsItsPortTakenGetsAnother(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the command is one of a Unix shell")
	}
	inFolder(t)
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Commands: []Command{{Name: "web-1", Line: `echo "$PORT"; exit 1`}}},
		fmt.Sprintf(probed, freePort(t)))
	first := events.until(t, Log, "").Message
	listener, err := net.Listen("tcp4", "127.0.0.1:"+first)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if second := events.until(t, Log, "").Message; second == first {
		t.Errorf("it gets port %s again, which is in use", second)
	}
}
