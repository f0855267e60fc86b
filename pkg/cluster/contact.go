package cluster

import (
	"context"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// contact calls an observer's Lost once when the API server stops answering, no
// matter how many requests fail, and Back once when it answers again.
type contact struct {
	observer Observer
	mu       sync.Mutex
	lost     bool
}

// note records the result of a request. An expired resource version and a missing
// permission are answers of the API server. A request that fails because ctx is
// done says nothing about the API server.
func (c *contact) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	lost := err != nil && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) && !apierrors.IsForbidden(err)
	if !c.setLost(lost) {
		return
	}
	switch {
	case lost && c.observer.Lost != nil:
		c.observer.Lost(err)
	case !lost && c.observer.Back != nil:
		c.observer.Back()
	}
}

// setLost sets the state and reports whether it has changed.
func (c *contact) setLost(lost bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := c.lost != lost
	c.lost = lost
	return changed
}
