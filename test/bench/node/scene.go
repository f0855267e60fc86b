//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

const (
	namespace  = "default"
	nodePort   = 30033
	enginePort = 31033 // of which kube-proxy knows nothing
	firstPort  = 9000  // of the backends, which are two
)

// scene is a cluster of two nodes: the first serves, the second has the
// backends.
type scene struct {
	cluster *rig.Cluster
	self    string
	folder  string
	cancel  context.CancelFunc
	running []*exec.Cmd
	// Where clients connect: straight to a backend, to kube-proxy, to the engine.
	direct, proxied, engines string
	slice                    *discoveryv1.EndpointSlice
}

// newScene is to be ended also when it fails.
func newScene(ctx context.Context) (*scene, error) {
	s := &scene{}
	ctx, s.cancel = context.WithCancel(ctx)
	var err error
	if s.self, err = os.Executable(); err != nil {
		return s, err
	}
	if s.folder, err = os.MkdirTemp("", "nodeport-node-"); err != nil {
		return s, err
	}
	if s.cluster, err = rig.Up(ctx, false, rig.Nodes(2)); err != nil {
		return s, err
	}
	front, back := s.cluster.Node(1), s.cluster.Node(2)
	s.direct = at(back, firstPort)
	s.proxied, s.engines = at(front, nodePort), at(front, enginePort)
	for i := range 2 {
		if err := s.start(back.Command(ctx, s.self, "backend", at(back, firstPort+i))); err != nil {
			return s, err
		}
	}
	if err := s.publish(ctx, back); err != nil {
		return s, err
	}
	if err := s.stand(ctx, front); err != nil {
		return s, err
	}
	for _, address := range []string{s.direct, s.proxied, s.engines} {
		if _, err := s.until(ctx, address, firstPort); err != nil {
			return s, fmt.Errorf("nothing answers at %s: %w", address, err)
		}
	}
	return s, nil
}

func at(n *rig.Node, port int) string { return net.JoinHostPort(n.Addr().String(), strconv.Itoa(port)) }

func (s *scene) start(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	s.running = append(s.running, cmd)
	return nil
}

func (s *scene) end() {
	s.cancel()
	for _, cmd := range s.running {
		_ = cmd.Wait()
	}
	if s.cluster != nil {
		_ = s.cluster.End(false)
	}
	_ = os.RemoveAll(s.folder)
}

// publish makes a service without a selector, whose one endpoint is a backend.
func (s *scene) publish(ctx context.Context, back *rig.Node) error {
	_, err := s.cluster.Core().Services(namespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Name: "tcp", Port: 80, NodePort: nodePort}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	name, tcp, port := "tcp", corev1.ProtocolTCP, int32(firstPort)
	s.slice, err = s.cluster.Discovery().EndpointSlices(namespace).Create(ctx, &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "web-1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: &name, Protocol: &tcp, Port: &port}},
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{back.Addr().String()}}},
	}, metav1.CreateOptions{})
	return err
}

// stand runs the plugin on the node, where it opens a port of its own for the
// node port of the service.
func (s *scene) stand(ctx context.Context, front *rig.Node) error {
	plugin := filepath.Join(s.folder, "kubectl-nodeport")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", plugin, "./cmd/kubectl-nodeport").CombinedOutput(); err != nil {
		return fmt.Errorf("build the plugin: %w\n%s", err, out)
	}
	return s.start(front.Command(ctx, plugin, "forward", "web", "--via=direct", "--strict", "--node="+front.Name(),
		"--address="+front.Addr().String(), fmt.Sprintf("--map=%d=%d", nodePort, enginePort)))
}

// load runs a load in the network of the client host.
func (s *scene) load(ctx context.Context, load, address string, long time.Duration) (rate, p99 float64, err error) {
	cmd := s.cluster.Client().Command(ctx, s.self, "load", load, address, long.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Fscan(bytes.NewReader(out), &rate, &p99)
	return rate, p99, err
}

// change leads the service to the other backend, and returns how long it takes
// from the request until that one answers at an address.
func (s *scene) change(ctx context.Context, address string) (time.Duration, error) {
	slice := s.slice.DeepCopy()
	port := int32(2*firstPort+1) - *slice.Ports[0].Port
	slice.Ports[0].Port = &port
	start := time.Now()
	changed, err := s.cluster.Discovery().EndpointSlices(namespace).Update(ctx, slice, metav1.UpdateOptions{})
	if err != nil {
		return 0, err
	}
	s.slice = changed
	answered, err := s.until(ctx, address, int(port))
	if err != nil {
		return 0, err
	}
	for _, other := range []string{s.proxied, s.engines} { // the next change begins when all have followed this one
		if _, err := s.until(ctx, other, int(port)); err != nil {
			return 0, err
		}
	}
	return answered.Sub(start), nil
}

// until connects, again and again, until a backend answers.
func (s *scene) until(ctx context.Context, address string, port int) (time.Time, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("a minute has passed"))
	defer cancel()
	for ctx.Err() == nil {
		conn, err := s.cluster.Client().DialContext(ctx, "tcp", address)
		if err != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		digit, err := ask(conn)
		_ = conn.Close()
		if err == nil && digit == byte('0'+port%10) {
			return time.Now(), nil
		}
	}
	return time.Time{}, context.Cause(ctx)
}
