package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// Node is a node of the cluster: a host with a kubelet, containerd and kube-proxy.
type Node struct {
	*Host
	number int
}

func (c *Cluster) newNode(k int) *Node {
	return &Node{Host: &Host{cluster: c, name: nodeName(k), addrs: c.hostAddrs(nodeNumber(k))}, number: k}
}

// The paths of a node: its configuration is in the rig's directory, its data
// in memory, its sockets in the rig's own /run.
func (n *Node) dir() string    { return filepath.Join(n.cluster.dir, n.name) }
func (n *Node) data() string   { return filepath.Join(n.cluster.data(), n.name) }
func (n *Node) run() string    { return "/run/" + n.name }
func (n *Node) socket() string { return n.run() + "/containerd.sock" }

// The node's cgroups: of its pods and of its programs.
func (n *Node) podsCgroup() string     { return n.cluster.cgroup() + "/" + n.name }
func (n *Node) programsCgroup() string { return n.podsCgroup() + "-programs" }

// The node's programs; each is started under the node's name and its own.
const (
	containerdProgram = "containerd"
	kubeletProgram    = "kubelet"
	kubeProxyProgram  = "kube-proxy"
)

func (n *Node) start(program string) error { return n.cluster.parent.Start(n.spec(program)) }

func (n *Node) stop(program string, grace time.Duration) error {
	return n.cluster.parent.Stop(process.Stop{Name: n.name + "-" + program, Grace: grace})
}

func (n *Node) spec(program string) process.Spec {
	c := n.cluster
	s := process.Spec{Name: n.name + "-" + program, Host: n.name, Cgroup: n.programsCgroup()}
	switch program {
	case containerdProgram:
		s.Args = []string{"containerd", "--config=" + filepath.Join(n.dir(), "containerd.toml")}
	case kubeletProgram:
		s.Args = []string{c.Program(program), "--config=" + filepath.Join(n.dir(), "kubelet.yaml"), "--kubeconfig=" + c.kubeconfig,
			"--root-dir=" + filepath.Join(n.data(), "kubelet"), "--cert-dir=" + filepath.Join(n.data(), "pki"),
			"--hostname-override=" + n.name, "--node-ip=" + joinAddrs(n.addrs)}
	case kubeProxyProgram:
		s.Args = []string{c.Program(program), "--config=" + filepath.Join(n.dir(), "kube-proxy.yaml")}
	}
	return s
}

// begin configures the node and starts its containerd, which needs no API server.
func (n *Node) begin(ctx context.Context, images []string) error {
	if err := n.configure(); err != nil {
		return err
	}
	for _, group := range []string{n.podsCgroup(), n.programsCgroup()} {
		if err := process.MakeCgroup(group); err != nil {
			return err
		}
	}
	if err := n.startContainerd(ctx); err != nil {
		return err
	}
	for _, image := range images {
		if err := n.ctr("images", "import", image); err != nil {
			return err
		}
	}
	return nil
}

// startContainerd returns when containerd answers, which it says no other way.
func (n *Node) startContainerd(ctx context.Context) error {
	if err := n.start(containerdProgram); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := n.ctr("version")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("containerd of %s does not answer: %w", n.name, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (n *Node) ctr(args ...string) error {
	base := []string{"ctr", "--address=" + n.socket(), "--namespace=k8s.io"}
	return n.cluster.parent.Must(process.Spec{Host: n.name, Args: append(base, args...)})
}

func (n *Node) configure() error {
	if err := os.MkdirAll(filepath.Join(n.dir(), "cni"), 0o755); err != nil {
		return err
	}
	for name, make := range nodeFiles() {
		text, err := make(n)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(n.dir(), name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// beginCluster starts control plane and nodes side by side.
func (c *Cluster) beginCluster(ctx context.Context, images []string) error {
	if err := c.makeNetwork(); err != nil {
		return fmt.Errorf("make the network: %w", err)
	}
	p := c.planCluster()
	if err := c.writeServer(p); err != nil {
		return err
	}
	steps := []func() error{func() error { return c.startControlPlane(ctx, p) }}
	for _, n := range c.nodes {
		steps = append(steps, func() error { return n.begin(ctx, images) })
	}
	if err := together(steps...); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, n := range c.nodes {
		for _, program := range []string{kubeletProgram, kubeProxyProgram} {
			if err := n.start(program); err != nil {
				return err
			}
			go n.keepUp(ctx, program, cancel)
		}
	}
	return c.waitNodes(ctx, c.nodes, true)
}

// keepUp starts a program again that ends while the cluster starts, a few
// times, and cancels when that does not help. Kubelets of one machine all bind
// one socket for device plugins, whatever their root directory, and of two that
// do so at the same moment one ends.
func (n *Node) keepUp(ctx context.Context, program string, cancel context.CancelCauseFunc) {
	for restarts := 3; ; restarts-- {
		s, err := n.cluster.parent.Wait(n.name + "-" + program)
		if err != nil || ctx.Err() != nil {
			return
		}
		if restarts == 0 {
			cancel(fmt.Errorf("%s of %s ended: %s", program, n.name, s.Exited))
			return
		}
		if err := n.start(program); err != nil {
			cancel(err)
			return
		}
	}
}

// together runs steps at the same time and returns the first error.
func together(steps ...func() error) error {
	var wg sync.WaitGroup
	errs := make(chan error, len(steps))
	for _, step := range steps {
		wg.Go(func() { errs <- step() })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
