package cli

import (
	"context"
	"errors"
	"time"
)

// soonLimit is how long commands wait for a cluster that they can do without.
const soonLimit = 2 * time.Second

// errLate is that of a cluster that did not answer soon.
var errLate = errors.New("no answer within " + soonLimit.String())

// soon asks something of a cluster that answers soon, or gives up on it: also
// where it is a program of the kubeconfig that logs in and hangs, which no
// context ends.
func soon[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeoutCause(ctx, soonLimit, errLate)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		value, err := ask(ctx)
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil && ctx.Err() != nil {
			a.err = context.Cause(ctx)
		}
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
