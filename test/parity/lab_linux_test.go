package parity

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The lab is a process in namespaces of its own. It is the client of some
// nodes, each with another system that serves node ports, and behind them all a
// host that answers at every address of a pod:
//
//	lab 10.9.K.101… ── node K 10.9.K.1, 10.8.K.1 ── pods 10.2.0.0/16
//
// and the same in IPv6, at fd00:9:K::, fd00:8:K:: and fd00:10:2::.

// systems are what is compared.
func systems() []string { return append(proxyModes(), "engine") }

// proxyModes are the modes of kube-proxy that the engine is compared with.
func proxyModes() []string { return strings.Split(*modes, ",") }

// clients are how many addresses the client has, on the link to each node.
const clients = 8

const (
	inLab   = "PARITY_IN_LAB"   // set in the lab
	roleEnv = "PARITY_ROLE"     // what an actor is to do
	oracle  = "PARITY_ORACLE"   // path of the oracle
	netns   = "/run/netns/"     // where ip keeps namespaces
	ready   = "PARITY IS READY" // said by actors that serve
)

// enterLab runs this test in a lab, and returns true there. The caller ends
// when it is false.
func enterLab(t *testing.T, oraclePath func(testing.TB) string) bool {
	t.Helper()
	if os.Getenv(inLab) != "" {
		if err := isolate(); err != nil {
			t.Fatalf("set up the lab: %v", err)
		}
		return true
	}
	path := oraclePath(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--user", "--map-root-user", "--net", "--mount", self, "-test.run=^" + t.Name() + "$", "-test.v", "-test.timeout=0"}
	cmd := exec.CommandContext(t.Context(), "unshare", append(args, passedOn()...)...)
	cmd.Env = append(os.Environ(), inLab+"=1", oracle+"="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("in the lab: %v\n%s", err, out)
	} else {
		t.Logf("%s", out)
	}
	return false
}

// isolate keeps what the lab's programs write to /run from the machine.
func isolate() error {
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	return os.MkdirAll(netns, 0o755)
}

// lab is what the tests see of it.
type lab struct {
	// placed counts the scenarios that were played.
	placed int
	t      testing.TB
	nodes  []*node
}

// node is one system on its node.
type node struct {
	system  string
	number  int
	feeders []*feeder
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t}
	l.sh("ip link set lo up")
	l.addHost("pods")
	l.sh(inside("pods", `ip route add local 10.2.0.0/16 dev lo; ip -6 route add local fd00:10:2::/48 dev lo
		echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind`))
	for i, system := range systems() {
		n := &node{system: system, number: i + 1}
		l.nodes = append(l.nodes, n)
		l.addNode(n)
	}
	l.actor("pods", "pods")
	for _, n := range l.nodes {
		n.start(l)
	}
	return l
}

func (l *lab) sh(script string) {
	l.t.Helper()
	if out, err := exec.CommandContext(l.t.Context(), "sh", "-ec", script).CombinedOutput(); err != nil {
		l.t.Fatalf("%v: %s\n%s", err, bytes.TrimSpace(out), script)
	}
}

// inside writes a script that runs in the namespace of a host.
func inside(host, script string) string {
	return fmt.Sprintf("nsenter --net=%s%s sh -ec '%s'\n", netns, host, script)
}

// addHost makes a host that forwards, and that the limits of ICMP do not keep
// from refusing each connection.
func (l *lab) addHost(name string) {
	l.t.Helper()
	l.sh("ip netns add " + name)
	l.sh(inside(name, `ip link set lo up
		for setting in net/ipv4/ip_forward=1 net/ipv6/conf/all/forwarding=1 net/ipv4/icmp_ratemask=0 net/ipv6/icmp/ratemask= \
			net/ipv4/conf/all/rp_filter=0 net/ipv4/conf/default/rp_filter=0 "net/ipv4/ip_local_port_range=1024 29999"; do
			echo ${setting#*=} >/proc/sys/${setting%%=*}
		done`))
}

func (l *lab) addNode(n *node) {
	name := n.system
	l.addHost(name)
	script := strings.NewReplacer("NODE", name, "K", fmt.Sprint(n.number)).Replace(`
		ip link add cK type veth peer name client netns NODE
		ip addr add 10.9.K.100/24 dev cK
		ip -6 addr add fd00:9:K::100/64 dev cK nodad
		ip link set cK up
		ip -n NODE addr add 10.9.K.1/24 dev client
		ip -n NODE -6 addr add fd00:9:K::1/64 dev client nodad
		ip -n NODE link set client up
		ip -n NODE link add pods type veth peer name nK netns pods
		ip -n NODE addr add 10.8.K.1/24 dev pods
		ip -n NODE -6 addr add fd00:8:K::1/64 dev pods nodad
		ip -n NODE link set pods up
		ip -n pods addr add 10.8.K.2/24 dev nK
		ip -n pods -6 addr add fd00:8:K::2/64 dev nK nodad
		ip -n pods link set nK up
		ip -n NODE route add 10.2.0.0/16 via 10.8.K.2
		ip -n NODE -6 route add fd00:10:2::/48 via fd00:8:K::2
		ip -n pods route add 10.9.K.0/24 via 10.8.K.1
		ip -n pods -6 route add fd00:9:K::/64 via fd00:8:K::1
	`)
	for i := range clients {
		script += fmt.Sprintf("ip addr add 10.9.%d.%d/24 dev c%[1]d; ip -6 addr add fd00:9:%[1]d::%[2]d/64 dev c%[1]d nodad\n", n.number, 101+i)
	}
	l.sh(script)
}

// address is the node's.
func (n *node) address(family byte) string {
	if family == '6' {
		return fmt.Sprintf("fd00:9:%d::1", n.number)
	}
	return fmt.Sprintf("10.9.%d.1", n.number)
}

// client is one of the client's addresses on the link to the node.
func (n *node) client(family byte, number int) string {
	if family == '6' {
		return fmt.Sprintf("fd00:9:%d::%d", n.number, 101+number)
	}
	return fmt.Sprintf("10.9.%d.%d", n.number, 101+number)
}

func podNetwork(family byte) string {
	if family == '6' {
		return "fd00:10:2::/48"
	}
	return "10.2.0.0/16"
}

// start starts the node's system: kube-proxy once for each family.
func (n *node) start(l *lab) {
	if n.system == "engine" {
		n.feeders = append(n.feeders, l.actor("engine", "engine", n.address('4'), n.address('6')))
		return
	}
	for _, family := range []byte("46") {
		cmd := exec.CommandContext(l.t.Context(), "nsenter", "--net="+netns+n.system, os.Getenv(oracle),
			"-mode", n.system, "-node", "n1", "-zone", "z1", "-node-ip", n.address(family), "-cluster-cidr", podNetwork(family))
		n.feeders = append(n.feeders, l.feed(cmd))
	}
}

// change has the systems serve a list of objects.
func (l *lab) change(list []byte) {
	l.t.Helper()
	for _, n := range l.nodes {
		for _, f := range n.feeders {
			f.give(list)
		}
	}
	for _, n := range l.nodes {
		for _, f := range n.feeders {
			err := f.await()
			if err == nil && f.errors.has("Sync failed") {
				err = errors.New("kube-proxy could not make its rules")
			}
			if err != nil {
				l.t.Fatalf("%s: %v\n%s", n.system, err, f.errors.last())
			}
		}
	}
}

// actor starts this binary in the namespace of a host.
func (l *lab) actor(role, host string, args ...string) *feeder {
	l.t.Helper()
	self, err := os.Executable()
	if err != nil {
		l.t.Fatal(err)
	}
	cmd := exec.CommandContext(l.t.Context(), "nsenter", append([]string{"--net=" + netns + host, self}, args...)...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	f := l.feed(cmd)
	if err := f.await(); err != nil {
		l.t.Fatalf("start %s: %v\n%s", role, err, f.errors.last())
	}
	return f
}

// feeder gives a program lists, and hears when it serves them.
type feeder struct {
	in     io.WriteCloser
	lines  *bufio.Scanner
	errors errorLog
}

// errorLog is what a program says on its standard error.
type errorLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (e *errorLog) Write(text []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text.Write(text)
}

func (e *errorLog) has(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Contains(e.text.Bytes(), []byte(text))
}

// last returns the end of it.
func (e *errorLog) last() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := e.text.Bytes()
	return bytes.Clone(text[max(0, len(text)-2000):])
}

func (l *lab) feed(cmd *exec.Cmd) *feeder {
	l.t.Helper()
	f := &feeder{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = &f.errors
	cmd.WaitDelay = time.Second // for programs that it leaves behind
	in, err := cmd.StdinPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	f.in, f.lines = in, bufio.NewScanner(out)
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		_ = f.in.Close()
		_ = cmd.Wait()
	})
	return f
}

func (f *feeder) give(list []byte) { go func() { _, _ = f.in.Write(list) }() }

// await waits for the line that a program writes when it serves.
func (f *feeder) await() error {
	if !f.lines.Scan() {
		return cmp.Or(f.lines.Err(), io.ErrUnexpectedEOF)
	}
	return nil
}
