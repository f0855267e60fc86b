// Package link emulates a slow or lossy network link in user space. It relays
// Ethernet frames between two TAP interfaces, and delays or loses some of them,
// so that it works without the kernel's sch_netem and loses the same frames in
// every run.
package link

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Conditions describes a link. The zero value is a perfect one.
type Conditions struct {
	// RoundTrip is what the link adds to the time of a round trip, half of it
	// in each direction.
	RoundTrip time.Duration
	// Jitter is the largest additional delay of a frame in each direction.
	// Frames are not reordered.
	Jitter time.Duration
	// Loss is the percentage of frames that are lost in each direction.
	Loss float64
	// Seed selects which frames are lost and how jitter is spread: a seed
	// repeats both, frame by frame.
	Seed uint64
}

// Validate reports what is wrong with the conditions.
func (c Conditions) Validate() error {
	if c.RoundTrip < 0 || c.Jitter < 0 {
		return fmt.Errorf("a link cannot have a delay below zero: round trip %s, jitter %s", c.RoundTrip, c.Jitter)
	}
	if !(c.Loss >= 0 && c.Loss <= 100) {
		return fmt.Errorf("a link loses 0 to 100 percent of its frames, not %v", c.Loss)
	}
	return nil
}

// Link is a running link.
type Link struct {
	ends [2]io.ReadWriteCloser
	done chan error
}

// Start relays frames between two interfaces until Close. Each Read of an end
// returns one frame, and each Write sends one.
func Start(a, b io.ReadWriteCloser, c Conditions) *Link {
	l := &Link{ends: [2]io.ReadWriteCloser{a, b}, done: make(chan error, 2)}
	go func() { l.done <- newDirection(c, 0).relay(b, a) }()
	go func() { l.done <- newDirection(c, 1).relay(a, b) }()
	return l
}

// Close ends the link and closes its interfaces. Frames on their way are lost.
func (l *Link) Close() error {
	err := errors.Join(l.ends[0].Close(), l.ends[1].Close())
	return errors.Join(err, <-l.done, <-l.done)
}
