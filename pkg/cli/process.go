package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// endLimit is how long a command may take to end after a signal, unless it has
// asked for more. It is less than a second, which is when people press again.
const endLimit = 800 * time.Millisecond

// RunProcess is [Run] for a process that signals end. It returns the exit code
// with which the process must end at once: a command that a signal does not
// end in time, or that is sent a second signal, still runs then.
func RunProcess(args []string, streams genericiooptions.IOStreams) int {
	if code, is := supervised(args); is {
		return code
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endSignals()...)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := newEnding()
	done := make(chan int, 1)
	go func() { done <- run(ctx, args, streams, e) }()
	select {
	case code := <-done:
		return code
	case s := <-signals:
		cancel()
		return e.await(s, signals, done)
	}
}

// endSignals are the signals that end a command. SIGHUP is not among them under
// nohup, which has it ignored.
func endSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// ending is what a command and its process agree on when signals end it. A
// command that knows no process has a nil ending.
type ending struct {
	// longer is how long the command may take from now on.
	longer chan time.Duration
	// again is closed at the second signal.
	again chan struct{}
}

func newEnding() *ending {
	return &ending{longer: make(chan time.Duration, 1), again: make(chan struct{})}
}

// extend asks for more time to end. The second signal is then told by
// [ending.second]. When regular is called, no more time is needed.
func (e *ending) extend(d time.Duration) (regular func()) {
	if e == nil {
		return func() {}
	}
	e.set(d)
	return func() { e.set(endLimit) }
}

func (e *ending) set(d time.Duration) {
	select {
	case <-e.longer: // nobody has looked
	default:
	}
	e.longer <- d
}

// second is closed at the second signal, when a command that has asked for
// more time has to end at once after all.
func (e *ending) second() <-chan struct{} {
	if e == nil {
		return nil
	}
	return e.again
}

// await returns the exit code after a first signal.
func (e *ending) await(first os.Signal, signals <-chan os.Signal, done <-chan int) int {
	limit := time.NewTimer(endLimit)
	defer limit.Stop()
	extended := false
	for {
		select {
		case code := <-done:
			if code == exitInterrupted {
				return interruptedBy(first)
			}
			return code
		case d := <-e.longer:
			extended = d > endLimit
			limit.Reset(d)
		case <-limit.C:
			return interruptedBy(first)
		case s := <-signals:
			if !extended {
				return interruptedBy(s)
			}
			extended = false
			close(e.again)
			limit.Reset(endLimit)
		}
	}
}

// interruptedBy is the exit code that shells give a program that a signal ends:
// 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
func interruptedBy(s os.Signal) int {
	const ended = 128
	if number, ok := s.(syscall.Signal); ok {
		return ended + int(number)
	}
	return exitInterrupted
}
