package engine

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// end is one socket of a pair.
type end struct {
	pair *pair
	fd   int
	// readable and writable tell that reading and writing may succeed: epoll
	// tells once, and then not again until it was tried in vain.
	readable, writable bool
	// more reports whether something may be there behind a read that took all
	// there was: an error, or what follows a byte that was marked urgent.
	more bool
	// last reports whether the end of the stream has come in. A read that takes
	// all there was has met it, unless there is more.
	last bool
	// spoken tells that something was written, and prompt that nothing is held
	// back for what was written before it to be acknowledged.
	spoken, prompt bool
}

// ready takes what epoll tells. An error is met by reading and writing in their
// turn, unless nothing is read now.
func (e *end) ready(_ *loop, events uint32) {
	const gone = unix.EPOLLHUP | unix.EPOLLERR
	if events&(unix.EPOLLIN|unix.EPOLLPRI|unix.EPOLLRDHUP|gone) != 0 {
		e.readable = true
	}
	if events&(unix.EPOLLPRI|gone) != 0 {
		e.more = true
	}
	if events&unix.EPOLLRDHUP != 0 {
		e.last = true
	}
	if events&(unix.EPOLLOUT|gone) != 0 {
		e.writable = true
	}
	if events&unix.EPOLLERR == 0 || !e.pair.failed(e) {
		e.pair.step()
	}
}

// speak comes before each write. What is written first is not held back by
// anything, and often the only thing.
func (e *end) speak() {
	if e.spoken && !e.prompt {
		_ = unix.SetsockoptInt(e.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		e.prompt = true
	}
	e.spoken = true
}

// lane is one direction of a pair.
type lane struct {
	from, to *end
	// back tells that it leads from the endpoint to the client.
	back bool
	// over tells that the end of the stream was passed on.
	over bool
	// full counts the reads in a row that filled the buffer.
	full int
	// held is what was read and could not be written, in a buffer of the engine.
	held, buffer []byte
	// pipe is where bytes are that pass inside the kernel; nil while none do.
	pipe *pipe
}

// bulk is how many buffers in a row come full before a stream is taken for a
// long one, which is then moved without passing through this program.
const bulk = 8

// turn is how often a lane may move something before others are looked at.
const turn = 4

// run moves bytes until one side is not ready; more tells that it stopped
// before, for others to have their turn.
func (d *lane) run(p *pair) (more bool, err error) {
	for range turn {
		switch {
		case d.over:
			return false, nil
		case d.waits():
			if !d.to.writable {
				return false, nil
			}
			err = d.flush(p)
		case !d.from.readable:
			d.yieldPipe(p)
			return false, nil
		case d.full >= bulk:
			err = d.splice(p)
		default:
			err = d.copy(p)
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// waits tells that something was taken and is yet to be given.
func (d *lane) waits() bool { return len(d.held) > 0 || d.pipe != nil && d.pipe.holds > 0 }

// copy moves what one read takes.
func (d *lane) copy(p *pair) error {
	buffer := p.loop.buffer
	n, err := read(d.from.fd, buffer)
	switch {
	case errors.Is(err, unix.EAGAIN):
		d.from.readable = false
		return nil
	case err != nil:
		return os.NewSyscallError("read", err)
	case n == 0:
		d.end(p)
		return nil
	case n == len(buffer):
		d.full++
	default:
		d.full = 0
		// It was all that there was, and epoll reports what comes later.
		d.from.readable = d.from.more || d.from.last
	}
	taken, err := d.write(p, buffer[:n])
	switch {
	case err != nil:
		return err
	case taken < n:
		d.buffer = p.loop.engine.buffers.get()
		d.held = d.buffer[:copy(d.buffer, buffer[taken:n])]
	case n < len(buffer) && d.from.last && !d.from.more:
		d.end(p)
	}
	return nil
}

// write gives bytes to the other side, and returns how many it took.
func (d *lane) write(p *pair, b []byte) (int, error) {
	d.to.speak()
	n, err := write(d.to.fd, b)
	switch {
	case errors.Is(err, unix.EAGAIN):
		n = 0
	case err != nil:
		return 0, os.NewSyscallError("write", err)
	}
	d.to.writable = n == len(b)
	d.count(p, n)
	return n, nil
}

// flush gives to the other side what it did not take before.
func (d *lane) flush(p *pair) error {
	if len(d.held) == 0 {
		return d.drain(p)
	}
	n, err := d.write(p, d.held)
	d.held = d.held[n:]
	if len(d.held) == 0 {
		d.freeHeld(p)
	}
	return err
}

// freeHeld gives back the buffer of what is held.
func (d *lane) freeHeld(p *pair) {
	p.loop.engine.buffers.put(d.buffer)
	d.held, d.buffer = nil, nil
}

// splice has the kernel move what there is into a pipe, and from there to the
// other side.
func (d *lane) splice(p *pair) error {
	if d.pipe == nil {
		taken, err := p.loop.pipes.get()
		if err != nil { // it has no descriptor to spare: copying needs none
			d.full = 0
			return nil
		}
		d.pipe = taken
	}
	n, err := splice(d.from.fd, d.pipe.write, pipeSize)
	switch {
	case errors.Is(err, unix.EAGAIN) && !d.from.more && !d.from.last:
		d.from.readable = false
		return nil
	case err == nil && n == 0, errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINVAL):
		d.full = 0 // it stops at an urgent byte as at an end, and a plain read knows which it is
		return nil
	case err != nil:
		return os.NewSyscallError("splice", err)
	}
	if n < bufferSize {
		d.full = 0
	}
	d.pipe.holds += n
	return d.drain(p)
}

// drain moves what is in the pipe to the other side.
func (d *lane) drain(p *pair) error {
	n, err := splice(d.pipe.read, d.to.fd, d.pipe.holds)
	switch {
	case errors.Is(err, unix.EAGAIN):
		d.to.writable = false
		return nil
	case err != nil:
		return os.NewSyscallError("splice", err)
	}
	d.pipe.holds -= n
	d.count(p, n)
	return nil
}

// yieldPipe gives back what only a stream in flow needs.
func (d *lane) yieldPipe(p *pair) {
	if d.pipe != nil {
		p.loop.pipes.put(d.pipe)
		d.pipe = nil
	}
}

// end passes the end of the stream on. When it was the last of the two the
// sockets are closed anyhow. That it fails tells that the other side is gone,
// of which the other lane hears.
func (d *lane) end(p *pair) {
	d.over = true
	d.yieldPipe(p)
	if !p.up.over || !p.down.over {
		shutdownWrite(d.to.fd)
	}
}

func (d *lane) count(p *pair, n int) {
	if d.back {
		p.visit.received(int64(n))
	} else {
		p.visit.sent(int64(n))
	}
}
