package cluster

import (
	"context"
	"errors"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestContactReportsEachLossAndEachReturnOnce(t *testing.T) {
	refused := errors.New("connection refused")
	for _, test := range []struct {
		name     string
		outcomes []error
		want     []string
	}{
		{name: "success", outcomes: []error{nil, nil}},
		{name: "three failures are one loss", outcomes: []error{refused, refused, refused}, want: []string{"lost"}},
		{name: "two successes are one return", outcomes: []error{refused, nil, nil}, want: []string{"lost", "back"}},
		{name: "a second loss", outcomes: []error{refused, nil, refused}, want: []string{"lost", "back", "lost"}},
		{name: "expired credentials are a loss", outcomes: []error{apierrors.NewUnauthorized("expired")}, want: []string{"lost"}},
		{name: "an expired resource version is an answer", outcomes: []error{apierrors.NewResourceExpired("too old")}},
		{name: "a missing permission is an answer", outcomes: []error{apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New("no"))}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls []string
			c := contact{observer: Observer{
				Lost: func(error) { calls = append(calls, "lost") },
				Back: func() { calls = append(calls, "back") },
			}}
			for _, err := range test.outcomes {
				c.note(context.Background(), err)
			}
			if !slices.Equal(calls, test.want) {
				t.Errorf("calls %v, want %v", calls, test.want)
			}
		})
	}
}

func TestContactReportsNoLossAfterCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := contact{observer: Observer{Lost: func(err error) { t.Errorf("Lost(%v) was called", err) }}}
	c.note(ctx, context.Canceled)
}
