package engine

import "sync"

// maxReplay is how much of what a client says is kept while its endpoint has
// not confirmed the connection.
const maxReplay = 64 << 10

// replay is what a client has said to an endpoint that may yet refuse, for
// the next one to hear. A nil replay keeps nothing.
type replay struct {
	mu        sync.Mutex
	said      []byte
	confirmed <-chan struct{}
	// over tells that it is too late to try another endpoint, and answered that
	// this is because the endpoint answered.
	over, answered bool
}

// keep adds to what was said.
func (r *replay) keep(said []byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.confirmed:
		r.over = true
	default:
	}
	if r.over || len(r.said)+len(said) > maxReplay {
		r.over, r.said = true, nil
		return
	}
	r.said = append(r.said, said...)
}

// answer notes that the endpoint has answered; it returns true the first time.
func (r *replay) answer() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.answered
	r.answered, r.over, r.said = true, true, nil
	return first
}

// possible tells whether another endpoint can be told all of it.
func (r *replay) possible() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.over
}
