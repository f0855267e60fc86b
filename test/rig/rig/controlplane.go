package rig

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// plane says where a control plane listens.
type plane struct {
	Host, Addr, Port   string
	EtcdPort, PeerPort string
	// ManagerPort is the controller manager's; the scheduler has its default.
	ManagerPort string
	ServiceNet  string
	Addrs       []net.IP
}

func (c *Cluster) planCluster() plane {
	p := plane{Host: "cp", Addr: hostAddr(controlPlaneNumber).String(), Port: "6443", EtcdPort: "2379", PeerPort: "2380",
		ManagerPort: "10257", ServiceNet: serviceNet, Addrs: []net.IP{hostAddr(controlPlaneNumber).AsSlice()}}
	if c.Options.DualStack {
		p.ServiceNet += "," + serviceNet6
		p.Addrs = append(p.Addrs, hostAddr6(controlPlaneNumber).AsSlice())
	}
	return p
}

func (c *Cluster) planAPI() (plane, error) {
	ports, err := freePorts(4)
	if err != nil {
		return plane{}, err
	}
	p := plane{Addr: "127.0.0.1", Port: ports[0], EtcdPort: ports[1], PeerPort: ports[2], ManagerPort: ports[3],
		ServiceNet: serviceNet, Addrs: []net.IP{net.IPv4(127, 0, 0, 1)}}
	if c.Options.DualStack {
		p.ServiceNet += "," + serviceNet6
	}
	return p, nil
}

// freePorts returns loopback ports that were free a moment ago.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end, so that they differ
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

func (c *Cluster) startControlPlane(ctx context.Context, p plane) error {
	err := c.ca.issue(c.pki(), "apiserver", pkix.Name{CommonName: "apiserver"},
		append(p.Addrs, net.IPv4(127, 0, 0, 1), net.IPv4(10, 3, 0, 1))...)
	if err != nil {
		return err
	}
	if err := c.ca.issue(c.pki(), "accounts", pkix.Name{CommonName: "accounts"}); err != nil {
		return err
	}
	for _, s := range c.planePrograms(p)[:2] {
		if err := c.parent.Start(s); err != nil {
			return err
		}
	}
	if err := c.waitReady(ctx); err != nil {
		return err
	}
	for _, s := range c.planePrograms(p)[2:] {
		if err := c.parent.Start(s); err != nil {
			return err
		}
	}
	return nil
}

// planePrograms returns etcd, the API server and the others, in this order.
func (c *Cluster) planePrograms(p plane) []process.Spec {
	programs := []process.Spec{
		{Name: "etcd", Host: p.Host, Args: c.etcdArgs(p)},
		{Name: "kube-apiserver", Host: p.Host, Args: c.apiServerArgs(p), Env: []string{"GOGC=200"}},
	}
	if c.Options.Controllers != "-*" {
		programs = append(programs, process.Spec{Name: "kube-controller-manager", Host: p.Host, Args: c.managerArgs(p)})
	}
	if c.namespaced() {
		programs = append(programs, process.Spec{Name: "kube-scheduler", Host: p.Host, Args: []string{
			c.Program("kube-scheduler"), "--kubeconfig=" + c.kubeconfig, "--leader-elect=false",
			"--cert-dir=" + filepath.Join(c.data(), "scheduler")}})
	}
	return programs
}

func (c *Cluster) etcdArgs(p plane) []string {
	client, peer := "http://127.0.0.1:"+p.EtcdPort, "http://127.0.0.1:"+p.PeerPort
	return []string{c.Program("etcd"), "--data-dir=" + filepath.Join(c.data(), "etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client, "--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer}
}

func (c *Cluster) apiServerArgs(p plane) []string {
	pki := func(name string) string { return filepath.Join(c.pki(), name) }
	args := []string{c.Program("kube-apiserver"),
		"--etcd-servers=http://127.0.0.1:" + p.EtcdPort,
		"--bind-address=" + p.Addr, "--advertise-address=" + p.Addr, "--secure-port=" + p.Port,
		"--tls-cert-file=" + pki("apiserver.crt"), "--tls-private-key-file=" + pki("apiserver.key"),
		"--client-ca-file=" + pki("ca.crt"), "--cert-dir=" + filepath.Join(c.data(), "apiserver"),
		"--authorization-mode=Node,RBAC", "--allow-privileged",
		"--service-cluster-ip-range=" + p.ServiceNet,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + pki("accounts.crt"), "--service-account-signing-key-file=" + pki("accounts.key"),
		// Else no pod could be made before its namespace's account is.
		"--disable-admission-plugins=ServiceAccount",
		"--kubelet-preferred-address-types=InternalIP",
		"--max-requests-inflight=2000", "--max-mutating-requests-inflight=1000",
	}
	if !c.namespaced() {
		// Since 1.37 a loopback address cannot be the endpoint of the service
		// "kubernetes", which nobody uses here.
		args = append(args, "--endpoint-reconciler-type=none")
	}
	if c.Options.NodePortRange != "" {
		args = append(args, "--service-node-port-range="+c.Options.NodePortRange)
	}
	return append(args, lines(c.Options.APIServer)...)
}

func (c *Cluster) managerArgs(p plane) []string {
	return []string{c.Program("kube-controller-manager"), "--kubeconfig=" + c.kubeconfig, "--leader-elect=false",
		"--controllers=" + c.Options.Controllers,
		"--bind-address=127.0.0.1", "--secure-port=" + p.ManagerPort, "--cert-dir=" + filepath.Join(c.data(), "manager"),
		"--service-account-private-key-file=" + filepath.Join(c.pki(), "accounts.key"),
		"--kube-api-qps=1000", "--kube-api-burst=2000", "--concurrent-service-endpoint-syncs=20",
		// Tests stop nodes: notice it in seconds. The kubelets report accordingly.
		"--node-monitor-period=1s", "--node-monitor-grace-period=" + nodeGrace.String(),
	}
}

// nodeGrace is for how long a node may not report before it is not ready.
const nodeGrace = 20 * time.Second

// waitReady waits until the API server answers that it is ready. It tells no
// other way, so it is asked again and again.
func (c *Cluster) waitReady(ctx context.Context) error {
	config := c.RESTConfig()
	config.Timeout = 2 * time.Second
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		resp, err := httpClient.Get(c.Server + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		if ended := c.endedPrograms(); ended != "" {
			return errors.New("a program of the control plane ended")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("API server is not ready: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// endedPrograms returns the ends of the logs of the programs that have ended.
func (c *Cluster) endedPrograms() string {
	statuses, err := c.parent.Statuses()
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, s := range statuses {
		if s.Exited != "" {
			_, _ = fmt.Fprintf(&text, "--- %s: %s\n%s\n", s.Name, s.Exited, tail(filepath.Join(c.Logs(), s.Name+".log"), 2000))
		}
	}
	return text.String()
}

// tail returns the last bytes of a file.
func tail(path string, n int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-n):])
}
