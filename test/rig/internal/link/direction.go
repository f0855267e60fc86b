package link

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

// A frame is at most as long as an interface with the largest MTU sends it. The
// frames on their way in one direction are limited; what exceeds that is lost,
// as in the queue of a router.
const (
	maxFrame   = 1<<16 + 18
	maxWaiting = 16 << 10
)

// direction is one direction of a link.
type direction struct {
	Conditions
	random *rand.Rand
	// last is when the newest frame that was not lost leaves.
	last time.Time
}

type frame struct {
	leaves time.Time
	data   []byte
}

func newDirection(c Conditions, number uint64) *direction {
	return &direction{Conditions: c, random: rand.New(rand.NewPCG(c.Seed, number))}
}

// schedule returns when a frame that arrives now leaves, and false if it is
// lost. Every frame takes two random numbers, so that the loss of one frame
// does not depend on the other conditions.
func (d *direction) schedule(now time.Time) (leaves time.Time, ok bool) {
	lost, jitter := d.random.Float64()*100 < d.Loss, d.random.Float64()
	if lost {
		return time.Time{}, false
	}
	leaves = now.Add(d.RoundTrip/2 + time.Duration(jitter*float64(d.Jitter)))
	if leaves.Before(d.last) {
		leaves = d.last
	}
	d.last = leaves
	return leaves, true
}

// relay relays frames until an end is closed, or fails.
func (d *direction) relay(to io.Writer, from io.Reader) error {
	waiting := make(chan frame, maxWaiting)
	closed := make(chan struct{})
	sent := make(chan error, 1)
	go func() { sent <- send(to, waiting, closed) }()
	err := d.receive(to, from, waiting)
	close(closed)
	return errors.Join(err, <-sent)
}

func (d *direction) receive(to io.Writer, from io.Reader, waiting chan<- frame) error {
	buffer := make([]byte, maxFrame)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return unlessClosed(err)
		}
		if findsNeighbors(buffer[:n]) {
			if err := write(to, buffer[:n]); err != nil {
				return err
			}
			continue
		}
		leaves, ok := d.schedule(time.Now())
		if !ok {
			continue
		}
		select {
		case waiting <- frame{leaves, append([]byte(nil), buffer[:n]...)}:
		default: // the queue is full
		}
	}
}

// send writes each frame when it leaves.
func send(to io.Writer, waiting <-chan frame, closed <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var next frame
		select {
		case next = <-waiting:
		case <-closed:
			return nil
		}
		timer.Reset(time.Until(next.leaves))
		select {
		case <-timer.C:
		case <-closed:
			return nil
		}
		if err := write(to, next.data); err != nil {
			return err
		}
	}
}

// write sends a frame. One that the interface does not take because it is down
// is lost, as it would be on a cable.
func write(to io.Writer, frame []byte) error {
	_, err := to.Write(frame)
	if errors.Is(err, syscall.EIO) {
		return nil
	}
	return unlessClosed(err)
}

func unlessClosed(err error) error {
	if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}
