package tunnel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

// reluctant writes only a part of each TryWrite, and records everything in order.
// It has no lock, so that -race shows concurrent calls.
type reluctant struct {
	part           func(size int) int
	got            bytes.Buffer
	writes, passed int
	err            error
}

func (r *reluctant) Write(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	r.writes++
	return r.got.Write(p)
}

func (r *reluctant) TryWrite(p []byte) int {
	n, _ := r.got.Write(p[:r.part(len(p))])
	r.passed += n
	return n
}

func TestWriteToWritesWhatTryWriteDoesNot(t *testing.T) {
	const frames = 500
	sent := make([]byte, frames*20<<10)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(sent)
	for _, test := range []struct {
		name string
		part func(int) int
	}{
		{"all is accepted", func(n int) int { return n }},
		{"nothing is accepted", func(int) int { return 0 }},
		{"a part is accepted", rand.IntN},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			s.forward = func(_ string, data httpstream.Stream) error {
				for rest := sent; len(rest) > 0; { // in frames of many sizes
					n := min(len(rest), 1+rand.IntN(40<<10))
					if _, err := data.Write(rest[:n]); err != nil {
						return nil
					}
					rest = rest[n:]
				}
				return nil
			}
			w := &reluctant{part: test.part}
			n, err := connect(t, dialer(t, s, Options{}), 7).WriteTo(w)
			if err != nil || n != int64(len(sent)) {
				t.Errorf("wrote %d of %d bytes: %v", n, len(sent), err)
			}
			if sha256.Sum256(w.got.Bytes()) != sha256.Sum256(sent) {
				t.Error("the data differs from what was sent")
			}
			if w.writes == 0 {
				t.Error("the first data was not passed to Write")
			}
		})
	}
}

// callRecorder passes on which method was called, and with how many bytes.
type callRecorder chan call

type call struct {
	try  bool
	size int
}

func (c callRecorder) Write(p []byte) (int, error) { c <- call{false, len(p)}; return len(p), nil }
func (c callRecorder) TryWrite(p []byte) int       { c <- call{true, len(p)}; return len(p) }

func TestNewDataGoesToTryWriteWhileWriteToWaits(t *testing.T) {
	calls := make(callRecorder, 1)
	c := connect(t, dialer(t, start(t), Options{}), 7)
	type ending struct {
		n   int64
		err error
	}
	ended := make(chan ending, 1)
	go func() { n, err := c.WriteTo(calls); ended <- ending{n, err} }()
	said := int64(0)
	for tried := false; !tried; { // until WriteTo waits in time
		n, _ := io.WriteString(c, "hello")
		said += int64(n)
		answer := <-calls
		if answer.size != n || said == int64(n) && answer.try {
			t.Errorf("after %d bytes: %+v", said, answer)
		}
		tried = answer.try
	}
	_ = c.SetReadDeadline(time.Now())
	if e := <-ended; !errors.Is(e.err, os.ErrDeadlineExceeded) || e.n != said {
		t.Errorf("it ended after %d of %d bytes: %v", e.n, said, e.err)
	}
	_, _ = io.WriteString(c, "more")
	_ = c.SetReadDeadline(time.Time{})
	if _, err := io.ReadFull(c, make([]byte, len("more"))); err != nil || len(calls) > 0 {
		t.Errorf("what came after WriteTo was not read: %v", err)
	}
}

func TestWriteToReturnsWhyItEnded(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name   string
		port   uint16
		writer io.Writer
		is     func(error) bool
	}{
		{"refused by the pod", 9, new(bytes.Buffer), func(err error) bool { return isKind(err, Refused) }},
		{"reset by the pod", 11, new(bytes.Buffer), func(err error) bool { return isKind(err, Reset) }},
		{"failed to write", 15, &reluctant{err: broken}, func(err error) bool { return errors.Is(err, broken) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := connect(t, dialer(t, start(t), Options{}), test.port)
			_, _ = io.WriteString(c, "hello")
			if _, err := c.WriteTo(test.writer); !test.is(err) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}
