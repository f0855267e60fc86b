// Package rig gives tests a real Kubernetes: all of it, on one machine, in
// seconds.
//
//	func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
//
//	func TestReach(t *testing.T) {
//		c := rig.Start(t, rig.Nodes(2), rig.Mode(rig.IPTables))
//		ns := c.Namespace(t)
//		c.Apply(t, ns, manifest)
//		c.WaitEndpoints(t, ns, "web", 1)
//		out, err := c.Client().Command(t.Context(), "kubectl", "get", "svc", "-n", ns).Output()
//		…
//	}
//
// There are two levels. StartAPI is an API server with its etcd and the
// controllers that fill endpoints: it needs no rights. Start is a cluster: every
// host, the client outside the cluster among them, is a network namespace of
// this machine, each node with a kubelet, containerd, runc, CNI and kube-proxy
// of its own; it needs root on Linux. What cannot run is skipped with the reason
// and the remedy.
//
// A rig is started when a test first asks for it, shared by the tests of the
// binary that ask for an equal one, and ended by Main; it also ends when the
// test binary dies, by whatever means.
//
// # Addresses
//
// The control plane is 10.1.11.2, node K is 10.1.11.(3+K), the client 10.1.11.100;
// pods of node K are in 10.2.K.0/24, services in 10.3.0.0/16. With DualStack
// also fd00:10:1::/64 with the same last numbers, fd00:10:2:K::/64 and
// fd00:10:3::/112.
package rig
