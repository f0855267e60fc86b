package rig

import (
	"net/netip"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// startExisting returns the cluster of a kubeconfig, or skips the test if that
// cannot be had with the options.
func startExisting(t testing.TB, o options, path string) *Cluster {
	t.Helper()
	plain := newOptions(o.Level, nil)
	wanted := o
	wanted.Nodes, wanted.Dedicated = plain.Nodes, false
	if wanted != plain {
		t.Skipf("skipped: the test needs a cluster with options of its own; unset %s", EnvKubeconfig)
	}
	c := &Cluster{external: true, kubeconfig: path, state: state{Options: o}}
	c.client = &Host{cluster: c, name: "client", addrs: loopback()}
	if err := c.configureREST(); err != nil {
		t.Fatal(err)
	}
	c.rest.Dial = nil
	nodes, err := c.Core().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatalf("the cluster of %s: %v", EnvKubeconfig, err)
	}
	for i, n := range nodes.Items {
		c.nodes = append(c.nodes, &Node{Host: &Host{cluster: c, name: n.Name, addrs: nodeAddrs(n)}, number: i + 1})
	}
	if len(c.nodes) < o.Nodes {
		t.Skipf("skipped: the test needs %d nodes, the cluster of %s has %d", o.Nodes, EnvKubeconfig, len(c.nodes))
	}
	return c
}

func nodeAddrs(n corev1.Node) []netip.Addr {
	var addrs []netip.Addr
	for _, a := range n.Status.Addresses {
		if addr, err := netip.ParseAddr(a.Address); err == nil && a.Type == corev1.NodeInternalIP {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// NeedFaults skips the test unless the parts of the cluster can be broken: it
// must be a rig's own, with nodes.
func (c *Cluster) NeedFaults(t testing.TB) {
	t.Helper()
	c.needRig(t)
	if !c.namespaced() {
		t.Fatal("the API level has no hosts of its own: use rig.Start")
	}
}

// needRig skips the test unless the cluster is a rig's own, of any level.
func (c *Cluster) needRig(t testing.TB) {
	t.Helper()
	if c.external {
		t.Skipf("skipped: the test breaks parts of the cluster; unset %s", EnvKubeconfig)
	}
}

// NeedImages skips the test unless the image of the test workload is on the nodes.
func (c *Cluster) NeedImages(t testing.TB) {
	t.Helper()
	if c.external && os.Getenv(EnvImage) == "" {
		t.Skipf("skipped: the cluster may not have the tests' image; load it and set %s, or unset %s", EnvImage, EnvKubeconfig)
	}
}
