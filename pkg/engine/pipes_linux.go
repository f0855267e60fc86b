package engine

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// pipeSize is what a pipe is asked to hold; the system may allow less. With a
	// quarter of it a long stream is a fifth slower.
	pipeSize = 1 << 20
	// sparePipes are kept for the next streams. They count against what the
	// user's programs may have in pipes.
	sparePipes = 2
)

// pipe is where splice puts bytes between two sockets.
type pipe struct {
	read, write int
	// holds is how many bytes are in it.
	holds int
}

// pipes are those of a loop that no stream uses now.
type pipes struct {
	limit *pipeLimit
	spare []*pipe
}

// errNoPipe reports that as many pipes are open as may be.
var errNoPipe = errors.New("no pipe is left")

func (p *pipes) get() (*pipe, error) {
	if n := len(p.spare); n > 0 {
		taken := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return taken, nil
	}
	if !p.limit.take() {
		return nil, errNoPipe
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		p.limit.give()
		return nil, os.NewSyscallError("pipe2", err)
	}
	_, _ = unix.FcntlInt(uintptr(ends[1]), unix.F_SETPIPE_SZ, pipeSize)
	return &pipe{read: ends[0], write: ends[1]}, nil
}

// put takes a pipe back, and keeps it if it is empty and there are few.
func (p *pipes) put(given *pipe) {
	if given.holds == 0 && len(p.spare) < sparePipes {
		p.spare = append(p.spare, given)
		return
	}
	p.closePipe(given)
}

func (p *pipes) closePipe(given *pipe) {
	given.close()
	p.limit.give()
}

func (p *pipes) close() {
	for _, spare := range p.spare {
		p.closePipe(spare)
	}
	p.spare = nil
}

func (p *pipe) close() {
	_ = unix.Close(p.read)
	_ = unix.Close(p.write)
}
