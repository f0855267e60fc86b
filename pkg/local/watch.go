package local

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

// watchEvent is a line of a watch.
type watchEvent struct {
	Type   watch.EventType `json:"type"`
	Object any             `json:"object"`
}

// watching is a watch under way.
type watching struct {
	*selection
	encoder *json.Encoder
	flush   func() error
}

// watch sends what changes from a state on, until the client goes or the run
// ends. A client that is slow misses states between two that it sees, so that a
// watch keeps one state at most. A state that was dropped has to be listed anew,
// as with an API server.
func (c *Cluster) watch(w http.ResponseWriter, r *http.Request, wanted *selection) {
	select {
	case c.watches <- struct{}{}:
		defer func() { <-c.watches }()
	default:
		answerError(w, apierrors.NewTooManyRequests(fmt.Sprintf("%d watches are open already", mostWatches), 1))
		return
	}
	query := r.URL.Query()
	all := query.Get("sendInitialEvents") == "true"
	seen := c.stateOf(query.Get("resourceVersion"))
	if all {
		seen = c.now.Load()
	}
	if seen == nil {
		answerError(w, apierrors.NewResourceExpired("too old resource version: "+query.Get("resourceVersion")))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	control := http.NewResponseController(w)
	watching := &watching{wanted, json.NewEncoder(w), control.Flush}
	limitWrite(control)
	err := watching.begin(seen, all)
	var timeout <-chan time.Time
	if seconds, _ := strconv.Atoi(query.Get("timeoutSeconds")); seconds > 0 {
		timeout = time.After(time.Duration(seconds) * time.Second)
	}
	for err == nil {
		select {
		case <-seen.replaced:
			now := c.now.Load()
			limitWrite(control)
			err = watching.change(seen, now)
			seen = now
		case <-timeout:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// stateOf is the state of a resourceVersion: the present one where none is
// named, nil when it is forgotten.
func (c *Cluster) stateOf(version string) *state {
	if version == "" || version == "0" {
		return c.now.Load()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.past {
		if s.version() == version {
			return s
		}
	}
	return nil
}

// begin sends all that there is, if it is to (k8s.io/client-go
// tools/cache/reflector.go, watchList), and at least that the watch stands.
func (w *watching) begin(now *state, all bool) error {
	if !all {
		return w.flush()
	}
	for _, o := range w.of(now) {
		if err := w.send(watch.Added, now.written(o, w.kind)); err != nil {
			return err
		}
	}
	bookmark, err := scheme.Scheme.New(w.kind.GroupVersionKind)
	if err != nil {
		return err
	}
	end := now.written(bookmark.(object), w.kind)
	end.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	if err := w.send(watch.Bookmark, end); err != nil {
		return err
	}
	return w.flush()
}

// change sends what is other in one state than in the one before.
func (w *watching) change(before, after *state) error {
	old := map[types.NamespacedName]object{}
	for _, o := range w.of(before) {
		old[nameOf(o)] = o
	}
	for _, o := range w.of(after) {
		was := old[nameOf(o)]
		delete(old, nameOf(o))
		what := watch.Modified
		if was == nil {
			what = watch.Added
		} else if equality.Semantic.DeepEqual(was, o) {
			continue
		}
		if err := w.send(what, after.written(o, w.kind)); err != nil {
			return err
		}
	}
	for _, o := range old {
		if err := w.send(watch.Deleted, after.written(o, w.kind)); err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *watching) send(what watch.EventType, o object) error {
	return w.encoder.Encode(watchEvent{what, o})
}

func nameOf(o object) types.NamespacedName {
	return types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
}
