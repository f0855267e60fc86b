//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

type size struct{ services, endpoints, nodes int }

// firstPort is below those that the system gives to connections.
const firstPort = 20000

// world is a cluster as a watch would tell of it: objects that did not change
// are those of before. The endpoints of the first service change; one at a time
// is ready, so that all connections are led to it.
type world struct {
	snapshot  snapshot.Snapshot
	tables    route.Builder
	listeners []net.Listener
	names     []string
	turn      int
	at        string
}

func newWorld(of size) (*world, error) {
	w := &world{at: net.JoinHostPort(loopback(0), strconv.Itoa(firstPort))}
	for i := range of.nodes {
		w.snapshot.Nodes = append(w.snapshot.Nodes, node(i))
	}
	for i := range of.services {
		name := fmt.Sprintf("service-%04d", i)
		w.snapshot.Services = append(w.snapshot.Services, service(name, int32(firstPort+i), i))
		w.snapshot.Slices = append(w.snapshot.Slices, slicesOf(name, i, of)...)
	}
	for range 2 {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		name := listener.Addr().String()
		w.listeners, w.names = append(w.listeners, listener), append(w.names, name)
		go answer(listener, name)
	}
	return w, nil
}

// answer says which endpoint it is to whoever connects.
func answer(listener net.Listener, name string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, name)
		_ = conn.Close()
	}
}

func (w *world) close() {
	for _, listener := range w.listeners {
		_ = listener.Close()
	}
}

// change has the first service lead to the other endpoint.
func (w *world) change() {
	w.turn = 1 - w.turn
	slice := w.snapshot.Slices[0].DeepCopy()
	port := int32(w.listeners[w.turn].Addr().(*net.TCPAddr).Port)
	slice.Ports[0].Port = &port
	for i := range slice.Endpoints {
		ready := i == 0
		slice.Endpoints[i].Conditions.Ready = &ready
	}
	slice.Endpoints[0].Addresses = []string{"127.0.0.1"}
	next := w.snapshot.Slices
	w.snapshot.Slices = append([]*discoveryv1.EndpointSlice{slice}, next[1:]...)
}

// table is that of the world as it is now. The snapshot is a new one, as those
// of a watch are.
func (w *world) table() *route.Table {
	return w.tables.Table(&snapshot.Snapshot{Nodes: w.snapshot.Nodes, Services: w.snapshot.Services, Slices: w.snapshot.Slices})
}

func loopback(node int) string { return fmt.Sprintf("127.0.7.%d", node+1) }

func node(i int) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i)},
		Status: corev1.NodeStatus{
			Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: loopback(i)}},
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
}

func service(name string, nodePort int32, i int) *corev1.Service {
	ip := fmt.Sprintf("10.3.%d.%d", i/250, i%250+1)
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "bench", Name: name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, ClusterIP: ip, ClusterIPs: []string{ip}, IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol},
			Ports: []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, NodePort: nodePort}},
		},
	}
}

// slicesOf holds the endpoints of a service, 100 in a slice as the controller
// does. (k8s.io/kubernetes cmd/kube-controller-manager, --max-endpoints-per-slice)
func slicesOf(name string, service int, of size) []*discoveryv1.EndpointSlice {
	var all []*discoveryv1.EndpointSlice
	http, tcp, port := "http", corev1.ProtocolTCP, int32(8080)
	for first := 0; first < of.endpoints; first += 100 {
		slice := &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "bench", Name: fmt.Sprintf("%s-%d", name, first), Labels: map[string]string{discoveryv1.LabelServiceName: name},
			},
			AddressType: discoveryv1.AddressTypeIPv4,
			Ports:       []discoveryv1.EndpointPort{{Name: &http, Protocol: &tcp, Port: &port}},
		}
		for i := first; i < min(first+100, of.endpoints); i++ {
			ready, on := service > 0, fmt.Sprintf("node-%d", i%of.nodes)
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
				Addresses:  []string{fmt.Sprintf("10.%d.%d.%d", 64+service/200, service%200, i+1)},
				Conditions: discoveryv1.EndpointConditions{Ready: &ready},
				NodeName:   &on,
				TargetRef:  &corev1.ObjectReference{Kind: "Pod", Name: fmt.Sprintf("%s-%d", name, i), UID: "0"},
			})
		}
		all = append(all, slice)
	}
	return all
}
