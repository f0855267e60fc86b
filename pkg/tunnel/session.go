package tunnel

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxData is the largest frame of data that is written, and outLimit what
	// waits to be written before connections wait.
	maxData  = 64 << 10
	outLimit = 256 << 10
	// creationTimeout is when a stream that the node did not take is given up;
	// the same time as in client-go's tools/portforward.
	creationTimeout = 30 * time.Second
)

// session is one tunnel: a SPDY session with the node of a pod. Three
// goroutines run it: one reads, one writes, one asks whether it lives. None
// of its locks is held while any of them waits for the network.
type session struct {
	dialer  *Dialer
	carrier carrier
	pod     Pod
	buffer  int // Options.Buffer
	limit   time.Duration
	born    time.Time

	// Of the pools, under their lock.
	users   int         // connections that may still write
	retired bool        // takes no more connections
	doubted bool        // nor until it is cleared of doubts
	expiry  *time.Timer // while it is idle

	wake chan struct{} // there is something to write
	done chan struct{} // closed by end

	mu     sync.Mutex
	err    error            // why it ended
	conns  map[uint32]*Conn // by the ids of both their streams
	nextID uint32           // ours are odd
	out    []byte           // headroom, then frames to be written
	room   chan struct{}    // closed when out has been taken
	left   []byte           // a short buffer that can be used again

	pings    uint32          // the id of the last ping of ours
	doubts   map[uint32]bool // ids of those that doubt has sent
	doubting *time.Timer

	heard   atomic.Int64 // when anything was last received, in nanoseconds since born
	clock   atomic.Int64 // what the clock showed then, in seconds: it goes on while the machine sleeps
	unheard atomic.Int32 // frames of data enqueued since
	sending atomic.Bool  // the writer waits for the network
	blocked atomic.Bool  // the reader waits for a connection to be read
	pongs   chan uint32
}

// run starts the session's goroutines, after init.
func (s *session) run() {
	go s.read()
	go s.write()
	go s.keepAlive()
}

func (s *session) init() {
	s.born = time.Now()
	s.clock.Store(s.born.Unix())
	s.wake = make(chan struct{}, 1)
	s.done = make(chan struct{})
	s.pongs = make(chan uint32, 4)
	s.conns = map[uint32]*Conn{}
	s.doubts = map[uint32]bool{}
	s.room = make(chan struct{})
	s.out = make([]byte, headroom, shortMessage)
	s.nextID = 1
	s.pings = 1
}

// open opens a connection: nothing is waited for. It is nil when the session
// has ended.
func (s *session) open(port uint16) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil
	}
	errorID, dataID := s.nextID, s.nextID+2
	s.nextID += 4
	c := newConn(s, port, errorID, dataID)
	s.conns[errorID], s.conns[dataID] = c, c
	s.push(appendPair(s.out, errorID, dataID, port, errorID == 1))
	return c
}

// push takes out with a frame more, and has it written. s.mu is held.
func (s *session) push(out []byte) {
	s.out = out
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// control writes a frame, which does not wait for room.
func (s *session) control(add func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.push(add(s.out))
	}
}

// data enqueues data of a stream, or returns a channel that is closed when
// there is room for it.
func (s *session) data(stream uint32, data []byte) (wait <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return nil, s.err
	case len(s.out) >= outLimit:
		return s.room, nil
	}
	s.unheard.Add(1)
	if cap(s.out)-len(s.out) < frameHeader+len(data) {
		s.left, s.out = s.out, append(s.dialer.messages.get(), s.out...)
	}
	s.push(appendData(s.out, stream, 0, data))
	return nil, nil
}

// write writes what was enqueued, all that there is at a time.
func (s *session) write() {
	for {
		select {
		case <-s.wake:
		case <-s.done:
			return
		}
		s.mu.Lock()
		message := s.out
		if len(message) == headroom { // what woke it went with the last one
			s.mu.Unlock()
			continue
		}
		s.out, s.left = s.left, nil
		if s.out == nil {
			s.out = make([]byte, 0, shortMessage)
		}
		s.out = s.out[:headroom]
		close(s.room)
		s.room = make(chan struct{})
		s.mu.Unlock()
		s.sending.Store(true)
		err := s.carrier.send(message)
		s.sending.Store(false)
		if err != nil {
			s.end(s.lost("writing to the API server failed", err))
			return
		}
		if !s.dialer.messages.put(message) && cap(message) == shortMessage {
			s.mu.Lock()
			s.left = message
			s.mu.Unlock()
		}
	}
}

func (s *session) conn(id uint32) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id]
}

// shared tells whether there is more than one connection, those that are
// ending included.
func (s *session) shared() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) > 2
}

// forget drops a connection of which nothing more can come.
func (s *session) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c.errorID)
	delete(s.conns, c.dataID)
}

func (s *session) lost(what string, err error) *Error {
	return &Error{Kind: Lost, Pod: s.pod, Message: what + ": " + err.Error(), Err: err}
}

// end ends the session and all its connections. It does not wait, also when the
// network is stuck.
func (s *session) end(why error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = why
	close(s.done)
	conns := s.conns
	s.conns = map[uint32]*Conn{}
	if s.doubting != nil {
		s.doubting.Stop()
	}
	s.mu.Unlock()
	go func() { _ = s.carrier.Close() }()
	for id, c := range conns {
		if id == c.dataID {
			c.fail(why)
		}
	}
	s.dialer.sessionEnded(s, why)
}

// usable tells whether another connection may begin here: the session lives and
// nothing keeps it.
func (s *session) usable() bool {
	select {
	case <-s.done:
		return false
	default:
		return !s.blocked.Load()
	}
}
