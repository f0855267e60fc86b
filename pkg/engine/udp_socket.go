package engine

import (
	"net"
	"net/netip"
	"sync"
)

// maxDatagram is more than any UDP datagram holds.
const maxDatagram = 65535

// datagram is one that was received; on a connection to an endpoint it has no flow.
type datagram struct {
	flow flow
	data []byte
}

// packets is a UDP socket, or a connection that an own Dialer made.
type packets interface {
	// receive waits for datagrams and hands over those that are there. They are
	// valid until take returns.
	receive(take func([]datagram)) error
	// send passes datagrams of one flow on and does not wait: it returns how
	// many it is done with, and the error that the next one met. Those that
	// find no room are lost, as on any way that is too narrow.
	send([]datagram) (int, error)
	// reply is send on a socket that is not connected, to the client of a flow.
	reply(to flow, batch []datagram)
	close()
}

// plainPackets reads and writes one datagram at a time, on any system.
type plainPackets struct {
	net.Conn
	queue  chan []byte
	closed chan struct{}
	once   sync.Once
	mu     sync.Mutex
	failed error
}

// newPlainPackets takes a connection to an endpoint, or a socket for replies alone.
func newPlainPackets(conn net.Conn) *plainPackets {
	return &plainPackets{Conn: conn, queue: make(chan []byte, 32), closed: make(chan struct{})}
}

func (p *plainPackets) receive(take func([]datagram)) error {
	buffer := make([]byte, maxDatagram)
	one := make([]datagram, 1)
	for {
		n, f, err := p.readOne(buffer)
		if err != nil {
			return p.why(err)
		}
		one[0] = datagram{flow: f, data: buffer[:n]}
		take(one)
	}
}

func (p *plainPackets) readOne(buffer []byte) (int, flow, error) {
	udp, ok := p.Conn.(*net.UDPConn)
	if !ok || udp.RemoteAddr() != nil {
		n, err := p.Read(buffer)
		return n, flow{}, err
	}
	n, client, err := udp.ReadFromUDPAddrPort(buffer)
	return n, flow{client: netip.AddrPortFrom(client.Addr().Unmap(), client.Port())}, err
}

// send leaves the writing to a goroutine, because the connection may be one on
// which writing waits.
func (p *plainPackets) send(batch []datagram) (int, error) {
	p.once.Do(func() { go p.write() })
	for i := range batch {
		select {
		case p.queue <- append([]byte(nil), batch[i].data...):
		default:
		}
	}
	return len(batch), nil
}

func (p *plainPackets) write() {
	for {
		select {
		case data := <-p.queue:
			if _, err := p.Write(data); err != nil && isUnreachable(err) {
				p.mu.Lock()
				p.failed = err
				p.mu.Unlock()
				_ = p.Conn.Close() // wakes up the reader
				return
			}
		case <-p.closed:
			return
		}
	}
}

// why is the error that writing met, if that is why reading ended.
func (p *plainPackets) why(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return p.failed
	}
	return err
}

func (p *plainPackets) reply(to flow, batch []datagram) {
	udp, ok := p.Conn.(*net.UDPConn)
	if !ok {
		return
	}
	for i := range batch {
		_, _ = udp.WriteToUDPAddrPort(batch[i].data, to.client)
	}
}

func (p *plainPackets) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	_ = p.Conn.Close()
}
