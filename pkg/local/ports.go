package local

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

const (
	// Ports for commands are from a range that systems take no ports from for
	// clients, so that none is lost between choice and use.
	firstCommandPort, lastCommandPort = 20000, 29999
	// somePorts are tried in one search.
	somePorts = lastCommandPort - firstCommandPort + 1
)

var errNoPort = errors.New("no port is free for the command: all of " +
	strconv.Itoa(firstCommandPort) + "-" + strconv.Itoa(lastCommandPort) + " are in use")

// portPool gives out the ports at which commands are to listen. A port has one
// holder at a time, on this machine: other runs of this user see a lock. The
// command has to open it by itself, so the pool cannot keep it open; another
// program that takes exactly this port is found when the command ends early.
type portPool struct {
	// avoid holds the node ports, which are opened at the same addresses.
	avoid nodeport.Range

	// folder returns where the locks are.
	folder func() string

	mu   sync.Mutex
	held map[uint16]*lock
}

func newPortPool(avoid nodeport.Range) *portPool {
	return &portPool{avoid: avoid, folder: sync.OnceValue(lockFolder), held: map[uint16]*lock{}}
}

// take returns a port that nobody holds, and that nothing listens on by TCP or
// UDP.
func (p *portPool) take() (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	start := rand.IntN(somePorts)
	for i := range somePorts {
		port := uint16(firstCommandPort + (start+i)%somePorts)
		if _, held := p.held[port]; held || int32(port) >= p.avoid.First && int32(port) <= p.avoid.Last {
			continue
		}
		l, ok := lockPort(p.folder(), port)
		switch {
		case !ok:
		case isFree(port):
			p.held[port] = l
			return port, nil
		case l != nil:
			l.release()
		}
	}
	return 0, errNoPort
}

// giveBack lets others have a port.
func (p *portPool) giveBack(port uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.held[port]; l != nil {
		l.release()
	}
	delete(p.held, port)
}

// lockFolder returns where the locks of ports are; empty where there is no such
// folder, and runs do not see each other's ports.
func lockFolder() string {
	folders, err := openPrivateFolders()
	if err != nil || len(folders) == 0 {
		return ""
	}
	return folders[0]
}

// lockPort is false when another run of this user has the port.
func lockPort(folder string, port uint16) (*lock, bool) {
	if folder == "" {
		return nil, true
	}
	l, err := takeLock(filepath.Join(folder, "port-"+strconv.Itoa(int(port))+".lock"))
	if errors.Is(err, errLocked) || os.IsPermission(err) {
		return nil, false
	}
	return l, true // without a lock where none can be made
}

// isFree reports whether nothing listens on a port of 127.0.0.1.
func isFree(port uint16) bool {
	loopback := net.IPv4(127, 0, 0, 1)
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback, Port: int(port)})
	if err != nil {
		return false
	}
	defer listener.Close()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback, Port: int(port)})
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
