package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// outletLimit is how many bytes an outlet keeps. What comes beyond is lost.
	outletLimit = 4 << 20
	// outletBusy is from how many bytes on what can wait should.
	outletBusy = 256 << 10
	// flushLimit is how long the end of a command waits for a reader that reads
	// nothing.
	flushLimit = 300 * time.Millisecond
)

// outlet writes to the streams of a command that serves, without making the
// command wait for who reads them: a terminal may be stopped, and a pipe full.
type outlet struct {
	mu     sync.Mutex
	chunks []chunk
	size   int
	// lost is how many writes found no room since that was last reported.
	lost   int
	report io.Writer
	closed bool
	// wake has an element when there is something to write, and progress when
	// something was written.
	wake, progress chan struct{}
	done           chan struct{}
}

// chunk is something to write.
type chunk struct {
	to   *outletWriter
	text []byte
}

// outletWriter is one stream of an outlet.
type outletWriter struct {
	outlet *outlet
	to     io.Writer
	err    error // guarded by the outlet's lock
}

// newOutlet starts an outlet. What is lost is reported to report.
func newOutlet(report io.Writer) *outlet {
	o := &outlet{
		report: report, wake: make(chan struct{}, 1), progress: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go o.run()
	return o
}

func (o *outlet) writer(to io.Writer) *outletWriter { return &outletWriter{outlet: o, to: to} }

// Write implements io.Writer. It never waits. Its error is that of an earlier write.
func (w *outletWriter) Write(p []byte) (int, error) {
	o := w.outlet
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case w.err != nil:
		return 0, w.err
	case o.size+len(p) > outletLimit:
		o.lost++
		return len(p), nil
	}
	o.chunks = append(o.chunks, chunk{w, bytes.Clone(p)})
	o.size += len(p)
	notify(o.wake)
	return len(p), nil
}

// busy reports whether what can wait should.
func (o *outlet) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size > outletBusy
}

// run writes until the outlet is closed and empty.
func (o *outlet) run() {
	defer close(o.done)
	for {
		c, more := o.next()
		if !more {
			return
		}
		if c.to == nil {
			<-o.wake
			continue
		}
		_, err := c.to.to.Write(c.text)
		o.written(c, err)
	}
}

// next is the next chunk to write; the zero one when there is none yet. Once
// room is left again, that is how many were lost.
func (o *outlet) next() (c chunk, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case len(o.chunks) > 0:
		return o.chunks[0], true
	case o.lost > 0:
		text := fmt.Sprintf("note: %d lines were left out, because nobody read the output\n", o.lost)
		o.lost = 0
		c = chunk{&outletWriter{outlet: o, to: o.report}, []byte(text)}
		o.chunks, o.size = append(o.chunks, c), o.size+len(text)
		return c, true
	}
	return chunk{}, !o.closed
}

func (o *outlet) written(c chunk, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.chunks = o.chunks[1:]; len(o.chunks) == 0 {
		o.chunks = nil
	}
	o.size -= len(c.text)
	if err != nil {
		c.to.err = err
	}
	notify(o.progress)
}

// close waits until all is written, as long as somebody reads it.
func (o *outlet) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	notify(o.wake)
	limit := time.NewTimer(flushLimit)
	defer limit.Stop()
	for {
		select {
		case <-o.done:
			return
		case <-o.progress:
			limit.Reset(flushLimit)
		case <-limit.C:
			return
		}
	}
}

// notify fills a channel with room for one element.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// decouple replaces the streams of the command by outlets until restore is
// called: one outlet for both where they are the same file, so that their lines
// keep their order. The outlet of Out is returned.
func (f *factory) decouple() (out *outlet, restore func()) {
	streams := f.IOStreams
	out = newOutlet(streams.ErrOut)
	errOut := out
	if !sameFile(streams.Out, streams.ErrOut) {
		errOut = newOutlet(streams.ErrOut)
	}
	f.Out, f.ErrOut = out.writer(streams.Out), errOut.writer(streams.ErrOut)
	return out, func() {
		var group sync.WaitGroup
		group.Go(out.close)
		group.Go(errOut.close)
		group.Wait()
		f.IOStreams = streams
	}
}

func sameFile(a, b io.Writer) bool {
	left, leftOK := a.(*os.File)
	right, rightOK := b.(*os.File)
	if !leftOK || !rightOK {
		return a == b
	}
	leftInfo, leftErr := left.Stat()
	rightInfo, rightErr := right.Stat()
	return leftErr == nil && rightErr == nil && os.SameFile(leftInfo, rightInfo)
}
