package parity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// play does what an actor of the lab is to do, until its input ends.
func play(role string) error {
	switch role {
	case "pods":
		return servePods()
	case "engine":
		return runEngine(os.Args[1:])
	}
	return fmt.Errorf("unknown role %q", role)
}

// servePods answers at all addresses of this host with the address that was asked.
func servePods() error {
	for _, port := range targets() {
		for _, family := range []string{"4", "6"} {
			listener, err := net.Listen("tcp"+family, fmt.Sprintf(":%d", port))
			if err != nil {
				return err
			}
			go serveTCP(listener)
			socket, err := net.ListenPacket("udp"+family, fmt.Sprintf(":%d", port))
			if err != nil {
				return err
			}
			go serveUDP(socket.(*net.UDPConn), family == "6", uint16(port))
		}
	}
	fmt.Println(ready)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// serveTCP answers each byte with the address.
func serveTCP(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			one := make([]byte, 1)
			for {
				if _, err := io.ReadFull(conn, one); err != nil {
					return
				}
				if _, err := fmt.Fprintln(conn, conn.LocalAddr()); err != nil {
					return
				}
			}
		}()
	}
}

// serveUDP answers each datagram with the address, and from it.
func serveUDP(conn *net.UDPConn, six bool, port uint16) {
	read := readAsked4(ipv4.NewPacketConn(conn))
	if six {
		read = readAsked6(ipv6.NewPacketConn(conn))
	}
	for {
		asked, answer, err := read()
		if err != nil {
			return
		}
		ip, _ := netip.AddrFromSlice(asked)
		answer([]byte(netip.AddrPortFrom(ip.Unmap(), port).String()))
	}
}

type readAsked func() (asked net.IP, answer func([]byte), err error)

func readAsked4(p *ipv4.PacketConn) readAsked {
	_ = p.SetControlMessage(ipv4.FlagDst, true)
	buffer := make([]byte, 2048)
	return func() (net.IP, func([]byte), error) {
		_, control, from, err := p.ReadFrom(buffer)
		if err != nil {
			return nil, nil, err
		}
		asked := control.Dst.To4()
		return asked, func(text []byte) { _, _ = p.WriteTo(text, &ipv4.ControlMessage{Src: asked}, from) }, nil
	}
}

func readAsked6(p *ipv6.PacketConn) readAsked {
	_ = p.SetControlMessage(ipv6.FlagDst, true)
	buffer := make([]byte, 2048)
	return func() (net.IP, func([]byte), error) {
		_, control, from, err := p.ReadFrom(buffer)
		if err != nil {
			return nil, nil, err
		}
		asked := control.Dst
		return asked, func(text []byte) { _, _ = p.WriteTo(text, &ipv6.ControlMessage{Src: asked}, from) }, nil
	}
}

// runEngine executes what lists say on a node of the given addresses.
func runEngine(addresses []string) error {
	var problem problems
	listen := make([]netip.Addr, 0, len(addresses))
	for _, address := range addresses {
		ip, err := netip.ParseAddr(address)
		if err != nil {
			return err
		}
		listen = append(listen, ip)
	}
	e := engine.New(engine.Options{Strict: true, Events: problem.hear, ListenAddresses: listen})
	fmt.Println(ready)
	lists := json.NewDecoder(os.Stdin)
	for {
		s, err := readList(lists)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.Nodes = []*corev1.Node{nodeObject(addresses)}
		e.Execute(route.New(s))
		if err := problem.err(); err != nil {
			return err
		}
		fmt.Println(ready)
	}
}

// problems remembers the first port that could not be opened.
type problems struct {
	mu    sync.Mutex
	first error
}

func (p *problems) hear(event engine.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == nil && (event.Kind == engine.PortFailed || event.Kind == engine.PortUnsupported || event.Kind == engine.PortForbidden) {
		p.first = fmt.Errorf("open %s: %w", event.Way.Address, event.Err)
	}
}

func (p *problems) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first
}

func nodeObject(addresses []string) *corev1.Node {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{corev1.LabelTopologyZone: "z1"}}}
	for _, address := range addresses {
		node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: address})
	}
	return node
}

// readList reads what list wrote.
func readList(from *json.Decoder) (*snapshot.Snapshot, error) {
	var list struct{ Items []json.RawMessage }
	if err := from.Decode(&list); err != nil {
		return nil, err
	}
	s := &snapshot.Snapshot{}
	for _, item := range list.Items {
		var kind metav1.TypeMeta
		if err := json.Unmarshal(item, &kind); err != nil {
			return nil, err
		}
		var object any
		if kind.Kind == "Service" {
			s.Services = append(s.Services, &corev1.Service{})
			object = s.Services[len(s.Services)-1]
		} else {
			s.Slices = append(s.Slices, &discoveryv1.EndpointSlice{})
			object = s.Slices[len(s.Slices)-1]
		}
		if err := json.Unmarshal(item, object); err != nil {
			return nil, err
		}
	}
	return s, nil
}
