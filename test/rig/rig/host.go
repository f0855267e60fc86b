package rig

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Host is a machine of the rig, or this one.
type Host struct {
	cluster *Cluster
	name    string
	addrs   []netip.Addr
}

// Name returns the host's name: client, n1, n2, …
func (h *Host) Name() string { return h.name }

// Addr returns the host's IPv4 address.
func (h *Host) Addr() netip.Addr { return h.addrs[0] }

// Addrs returns the host's addresses, IPv4 first.
func (h *Host) Addrs() []netip.Addr { return h.addrs }

// Command returns a command that runs in the host's network, with this
// machine's files. Its environment is the test's but for KUBECONFIG and for PATH,
// on which the rig's programs come first. It dies with the test binary.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := h.command(ctx, name, args)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+h.cluster.kubeconfig, "PATH="+h.cluster.path())
	cmd.WaitDelay = 5 * time.Second
	dieWithParent(cmd)
	return cmd
}

func (h *Host) command(ctx context.Context, name string, args []string) *exec.Cmd {
	if path, ok := h.cluster.Programs[name]; ok {
		name = path
	}
	if !h.cluster.namespaced() || h.cluster.external {
		return exec.CommandContext(ctx, name, args...)
	}
	enter := []string{"--net=" + netns(h.cluster.Parent, h.name), "--", name}
	return exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
}

// Inside returns a command that runs in the host: in its network and with the
// rig's own mounts and processes, so that it sees containerd's socket and the pods.
func (h *Host) Inside(ctx context.Context, name string, args ...string) *exec.Cmd {
	if !h.cluster.namespaced() || h.cluster.external {
		return h.Command(ctx, name, args...)
	}
	pid := strconv.Itoa(h.cluster.Parent.Pid)
	enter := []string{"--target=" + pid, "--mount", "--pid", "--net=" + netns(h.cluster.Parent, h.name), "--", name}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+h.cluster.kubeconfig, "PATH="+h.cluster.path(),
		"CONTAINERD_ADDRESS=/run/"+h.name+"/containerd.sock", "CONTAINERD_NAMESPACE=k8s.io")
	dieWithParent(cmd)
	return cmd
}

// Host returns a host by its name: client, cp (the control plane), n1, n2, …
func (c *Cluster) Host(name string) (*Host, error) {
	number, ok := c.hostNumbers()[name]
	if !ok || !c.namespaced() {
		return nil, fmt.Errorf("the rig has no host %q", name)
	}
	return &Host{cluster: c, name: name, addrs: c.hostAddrs(number)}, nil
}

// path returns the PATH of commands.
func (c *Cluster) path() string {
	dirs := os.Getenv("PATH")
	if kubectl, ok := c.Programs["kubectl"]; ok {
		dirs = filepath.Dir(kubectl) + string(os.PathListSeparator) + dirs
	}
	return dirs
}

// DialContext connects from the host to an address, whose host must be an IP
// address: names are looked up on this machine only.
func (h *Host) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := h.inside(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Listen opens a TCP listener on the host.
func (h *Host) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var l net.Listener
	err := h.inside(func() (err error) {
		l, err = new(net.ListenConfig).Listen(ctx, network, address)
		return err
	})
	return l, err
}

// ListenPacket opens a UDP socket on the host.
func (h *Host) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	var conn net.PacketConn
	err := h.inside(func() (err error) {
		conn, err = new(net.ListenConfig).ListenPacket(ctx, network, address)
		return err
	})
	return conn, err
}

// HTTPClient returns a client that dials from the host, anew for each request.
func (h *Host) HTTPClient() *http.Client {
	return &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{DialContext: h.DialContext, DisableKeepAlives: true},
	}
}

// inside runs f in the host's network.
func (h *Host) inside(f func() error) error {
	if !h.cluster.namespaced() || h.cluster.external {
		return f()
	}
	return inNetns(netns(h.cluster.Parent, h.name), f)
}

func loopback() []netip.Addr { return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})} }
