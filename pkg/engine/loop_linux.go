package engine

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// loop serves TCP connections whose both ends are sockets of the system: one
// goroutine waits for all of them at once, where package net has two goroutines
// for each connection and wakes one for each that is ready. It waits for UDP's
// sockets, too. What is below it runs in that goroutine, unless it says
// otherwise.
type loop struct {
	engine *Engine
	// poller waits for what is watched; wake is written to when something is posted.
	poller poller
	wake   int
	// events is how many the last wait found.
	events int
	// watched has, by the number of its descriptor, what waits for it.
	watched []watched
	seen    uint32
	// buffer is what one read takes in. Nothing stays there.
	buffer []byte
	// inbox is where datagrams are received; nil before there were any.
	inbox *inbox
	pipes pipes
	// pairs counts those that it has, also those that it has yet to begin.
	pairs atomic.Int32
	// unfinished are pairs that had their turn and could go on.
	unfinished []*pair
	// young counts the pairs that have something to come by time alone.
	young int
	swept time.Time
	// ephemeral are the ports that the kernel gives to sockets, as of swept.
	ephemeral portRange
	ended     bool

	mu     sync.Mutex
	posted []func()
	closed bool
}

// watched waits for events of a descriptor. Its number tells it from those
// that had the same descriptor before.
type watched struct {
	number uint32
	by     watcher
}

// watcher is told what epoll says of its descriptor.
type watcher interface{ ready(l *loop, events uint32) }

// politeness is after how many events a loop lets others run. The runtime
// would make it, at a price, if it ran for 10 ms.
const politeness = 256

func newLoop(e *Engine, spare bool) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		_ = unix.Close(epoll)
		return nil, os.NewSyscallError("eventfd", err)
	}
	l := &loop{engine: e, poller: poller{epoll: epoll, spare: spare}, wake: wake, pipes: pipes{limit: &e.pipes}, buffer: make([]byte, bufferSize), swept: time.Now(), ephemeral: ephemeralPorts()}
	if err := l.watch(wake, alarm{}, unix.EPOLLIN); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// run serves until the loop is ended.
func (l *loop) run() {
	defer l.close()
	events := make([]unix.EpollEvent, 128)
	for handled := 0; !l.ended; {
		n := l.poller.wait(events, l.patience())
		l.events = n
		for i := range n {
			event := &events[i]
			if w := l.watched[event.Fd]; w.by != nil && w.number == uint32(event.Pad) {
				w.by.ready(l, event.Events)
			}
		}
		l.goOn()
		l.sweep()
		if handled += n; handled >= politeness {
			handled = 0
			runtime.Gosched()
		}
	}
}

// patience is how long to wait for events, in milliseconds; -1 for ever.
func (l *loop) patience() int {
	switch {
	case len(l.unfinished) > 0:
		return 0
	case l.young > 0:
		return int(l.tick()/time.Millisecond) + 1
	}
	return -1
}

// tick is how often to look for what is due: not later than an eighth of the
// time in which an endpoint is to answer.
func (l *loop) tick() time.Duration {
	return min(max(l.engine.options.DialTimeout/8, time.Millisecond), time.Second)
}

// goOn gives another turn to the pairs that could go on after their last one.
func (l *loop) goOn() {
	if len(l.unfinished) == 0 {
		return
	}
	pairs := l.unfinished
	l.unfinished = nil
	for _, p := range pairs {
		p.queued = false
		p.step()
	}
}

// sweep does what is due by time.
func (l *loop) sweep() {
	if l.young == 0 {
		return
	}
	now := time.Now()
	if now.Sub(l.swept) < l.tick() {
		return
	}
	l.swept, l.ephemeral = now, ephemeralPorts()
	for i := range l.watched {
		if e, ok := l.watched[i].by.(*end); ok && e == &e.pair.client {
			e.pair.age(now)
		}
	}
}

// watch has events of a descriptor told.
func (l *loop) watch(fd int, by watcher, events uint32) error {
	for len(l.watched) <= fd {
		l.watched = append(l.watched, watched{})
	}
	l.seen++
	l.watched[fd] = watched{l.seen, by}
	event := unix.EpollEvent{Events: events, Fd: int32(fd), Pad: int32(l.seen)}
	if err := unix.EpollCtl(l.poller.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		l.watched[fd] = watched{}
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

// watches tells whether a descriptor is watched.
func (l *loop) watches(fd int, by watcher) bool {
	return fd < len(l.watched) && l.watched[fd].by == by
}

// forget has nothing told any more of a descriptor that is about to be closed,
// which is when epoll forgets it.
func (l *loop) forget(fd int, by watcher) {
	if l.watches(fd, by) {
		l.watched[fd] = watched{}
	}
}

// unwatch has nothing told any more of a descriptor that stays open.
func (l *loop) unwatch(fd int, by watcher) {
	if l.watches(fd, by) {
		l.watched[fd] = watched{}
		_ = unix.EpollCtl(l.poller.epoll, unix.EPOLL_CTL_DEL, fd, nil)
	}
}

// datagrams returns where the event loop receives datagrams.
func (l *loop) datagrams() *inbox {
	if l.inbox == nil {
		l.inbox = newInbox()
	}
	return l.inbox
}

// post has the loop do something, unless it has ended. It is called from any goroutine.
func (l *loop) post(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.posted = append(l.posted, do)
	if len(l.posted) == 1 {
		_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// alarm is the watcher of what is posted.
type alarm struct{}

func (alarm) ready(l *loop, _ uint32) {
	l.mu.Lock()
	_, _ = unix.Read(l.wake, make([]byte, 8))
	posted := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, do := range posted {
		do()
	}
}

func (l *loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	_ = unix.Close(l.poller.epoll)
	_ = unix.Close(l.wake)
	l.pipes.close()
}
