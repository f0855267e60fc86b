package tunnel

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

const (
	// maxData is the longest data that is written in one frame.
	maxData = 64 << 10
	// maxQueued is how much waits to be written, in bytes, before writers have to
	// wait, before pings of the node are no longer answered, and before no
	// connection is opened here any more.
	maxQueued = 256 << 10
)

// session is one tunnel: a SPDY session with the node of a pod. It has three
// goroutines: one reads, one writes, one checks that the other side is alive.
// No lock is held while any of them waits for the network.
type session struct {
	dialer      *Dialer
	carrier     carrier
	pod         Pod
	buffer      int           // Options.Buffer
	pingTimeout time.Duration // Options.PingTimeout
	opened      time.Time

	// The pools' lock guards these.
	users   int         // connections whose side has not ended
	retired bool        // takes no more connections
	suspect bool        // takes none until the node has answered a probe
	expiry  *time.Timer // while the session is idle

	wake chan struct{} // there is something to write
	done chan struct{} // closed by end

	mu         sync.Mutex
	err        error            // why the session ended
	conns      map[uint32]*Conn // by the numbers of both their streams
	nextStream uint32           // the client's are odd
	nextPing   uint32           // the client's are odd: the node takes even ones for answers to its own
	queued     []byte           // headroom, then the frames that wait to be written
	room       chan struct{}    // closed when queued has been taken
	short      []byte           // a short buffer to be used again
	probes     map[uint32]bool  // pings of the probe that are not answered
	probeTime  *time.Timer      // until the probe has failed

	// These are read by the goroutine that checks whether the other side is alive.
	heard       atomic.Int64 // the last frame received, in nanoseconds after opened
	heardClock  atomic.Int64 // the same in Unix seconds: a clock that runs while the machine sleeps
	unanswered  atomic.Int32 // frames of data queued since
	writing     atomic.Bool  // the writer waits for the network
	readBlocked atomic.Bool  // the reader waits for a connection to be read

	stray int // bytes received for streams without a connection; of the reader
}

func newSession(d *Dialer, pod Pod, c carrier) *session {
	s := &session{
		dialer: d, carrier: c, pod: pod, buffer: d.options.Buffer, pingTimeout: d.options.PingTimeout, opened: time.Now(),
		wake: make(chan struct{}, 1), done: make(chan struct{}), room: make(chan struct{}),
		conns: map[uint32]*Conn{}, probes: map[uint32]bool{},
		queued:     make([]byte, headroom, shortMessage),
		nextStream: 1, nextPing: 1,
	}
	s.heardClock.Store(s.opened.Unix())
	return s
}

// run starts the goroutines.
func (s *session) run() {
	go s.read()
	go s.write()
	go s.keepAlive()
}

// open opens a connection without waiting for anything. It returns nil if the
// session has ended or too much waits to be written.
func (s *session) open(port uint16) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil || len(s.queued) >= maxQueued {
		return nil
	}
	errorStream, dataStream := s.nextStream, s.nextStream+2
	s.nextStream += 4
	c := newConn(s, port, errorStream, dataStream)
	s.conns[errorStream], s.conns[dataStream] = c, c
	s.pushLocked(appendStreams(s.queued, errorStream, dataStream, port, errorStream == 1))
	return c
}

// pushLocked replaces what is queued by the same with more frames, and has it
// written.
func (s *session) pushLocked(queued []byte) {
	s.queued = queued
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// queue queues a frame even if there is no room for data. It is for frames of
// which each connection has few.
func (s *session) queue(appendFrame func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.pushLocked(appendFrame(s.queued))
	}
}

// answerPing answers a ping of the node, unless the node does not read.
func (s *session) answerPing(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil && len(s.queued) < maxQueued {
		s.pushLocked(spdy.AppendPing(s.queued, id))
	}
}

// writeData queues data of a stream. If there is no room, it returns a channel
// that is closed when there is.
func (s *session) writeData(stream uint32, data []byte) (wait <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return nil, s.err
	case len(s.queued) >= maxQueued:
		return s.room, nil
	}
	s.unanswered.Add(1)
	if cap(s.queued)-len(s.queued) < spdy.DataHeaderSize+len(data) {
		s.short, s.queued = s.queued, append(s.dialer.messages.get(), s.queued...)
	}
	s.pushLocked(spdy.AppendData(s.queued, stream, false, data))
	return nil, nil
}

// write writes what is queued, everything that there is at a time.
func (s *session) write() {
	for {
		select {
		case <-s.wake:
		case <-s.done:
			return
		}
		message := s.takeQueued()
		if message == nil { // it went with the message before
			continue
		}
		s.writing.Store(true)
		err := s.carrier.WriteMessage(message)
		s.writing.Store(false)
		if err != nil {
			s.end(s.lost("writing to the API server failed", err))
			return
		}
		if !s.dialer.messages.put(message) && cap(message) == shortMessage {
			s.mu.Lock()
			s.short = message
			s.mu.Unlock()
		}
	}
}

// takeQueued removes what is queued and returns it, or nil if there is nothing.
func (s *session) takeQueued() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	message := s.queued
	if len(message) == headroom {
		return nil
	}
	s.queued, s.short = s.short, nil
	if s.queued == nil {
		s.queued = make([]byte, 0, shortMessage)
	}
	s.queued = s.queued[:headroom]
	close(s.room)
	s.room = make(chan struct{})
	return message
}

func (s *session) conn(stream uint32) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[stream]
}

// shared reports whether there is more than one connection, including those
// whose pod's side has not ended after Close.
func (s *session) shared() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) > 2
}

// forget removes a connection for which nothing more can come.
func (s *session) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c.errorStream)
	delete(s.conns, c.dataStream)
}

func (s *session) lost(what string, err error) *Error {
	return &Error{Kind: Lost, Pod: s.pod, Message: what + ": " + err.Error(), Err: err}
}

// end ends the session and all its connections. It does not wait, even if the
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
	if s.probeTime != nil {
		s.probeTime.Stop()
	}
	s.mu.Unlock()
	go func() { _ = s.carrier.Close() }()
	for stream, c := range conns {
		if stream == c.dataStream {
			c.fail(why)
		}
	}
	s.dialer.sessionEnded(s, why)
}

// usable reports whether another connection may be opened here: the session has
// not ended, and both directions flow.
func (s *session) usable() bool {
	if s.readBlocked.Load() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == nil && len(s.queued) < maxQueued
}
