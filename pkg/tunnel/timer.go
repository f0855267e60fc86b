package tunnel

import "time"

// timer is a timer that may not have been started. It is not safe for use by
// several goroutines.
type timer struct{ *time.Timer }

// start has f called after a duration, and no longer after the one before.
func (t *timer) start(after time.Duration, f func()) {
	t.stop()
	t.Timer = time.AfterFunc(after, f)
}

// stop stops the timer. Its function may be running already.
func (t *timer) stop() {
	if t.Timer != nil {
		t.Timer.Stop()
	}
}
