package engine

import (
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller waits for the events of an event loop.
//
// A goroutine that waits in a system call gives the runtime's monitor work: it
// wakes up every 20 µs to look whether somebody else should have the processor,
// and now and then hands it over, after which the event loop continues on
// another thread. Under load that took a tenth of the processor time of a new
// connection. So a busy event loop waits without telling the runtime, and keeps
// its processor, for as long as events follow each other closely. The runtime
// interrupts such a wait with a signal when it needs the goroutine to stop.
type poller struct {
	epoll int
	// spare reports whether the runtime has a processor for everybody else
	// while every event loop keeps one.
	spare bool
	// busy reports whether the last wait found events.
	busy bool
}

// busyTimeout is how long a busy event loop keeps its processor without an
// event, in milliseconds.
const busyTimeout = 10

// wait fills in events and returns their number, 0 after the timeout in
// milliseconds or when it was interrupted. A negative timeout never ends.
func (p *poller) wait(events []unix.EpollEvent, timeout int) int {
	if p.busy || timeout == 0 {
		keep := busyTimeout
		if timeout >= 0 {
			keep = min(timeout, busyTimeout)
		}
		n, errno := rawEpollWait(p.epoll, events, keep)
		switch {
		case n > 0:
			return n
		case errno == unix.EINTR:
			runtime.Gosched()
			return 0
		case errno != 0:
			panic(os.NewSyscallError("epoll_pwait", errno)) // one of its arguments is wrong
		case keep == timeout:
			return 0
		}
	}
	n, err := unix.EpollWait(p.epoll, events, timeout)
	if err != nil && !errors.Is(err, unix.EINTR) {
		panic(os.NewSyscallError("epoll_pwait", err)) // one of its arguments is wrong
	}
	p.busy = p.spare && n > 0
	return max(n, 0)
}

// rawEpollWait waits without telling the runtime.
func rawEpollWait(epoll int, events []unix.EpollEvent, timeout int) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll),
		uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(timeout), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
