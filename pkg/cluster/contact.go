package cluster

import (
	"context"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// contact tells an observer once when the API server is lost, however many
// requests find out, and once when it is back.
type contact struct {
	observer Observer
	mu       sync.Mutex
	lost     bool
}

// note takes the outcome of a request. An answer that another resource version
// is wanted is an answer; the end of ctx says nothing.
func (c *contact) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	lost := err != nil && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) && !apierrors.IsForbidden(err)
	if !c.becomes(lost) {
		return
	}
	switch {
	case lost && c.observer.Lost != nil:
		c.observer.Lost(err)
	case !lost && c.observer.Back != nil:
		c.observer.Back()
	}
}

// becomes tells whether that is news.
func (c *contact) becomes(lost bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	news := c.lost != lost
	c.lost = lost
	return news
}
