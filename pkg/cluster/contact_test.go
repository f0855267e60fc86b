package cluster

import (
	"context"
	"errors"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestContactIsToldOnceWhenItIsLostAndOnceWhenItIsBack(t *testing.T) {
	refused := errors.New("connection refused")
	for _, test := range []struct {
		name     string
		outcomes []error
		want     []string
	}{
		{name: "a cluster that answers is not worth a word", outcomes: []error{nil, nil}},
		{name: "three watches find out of one loss", outcomes: []error{refused, refused, refused}, want: []string{"lost"}},
		{name: "and of one return", outcomes: []error{refused, nil, nil}, want: []string{"lost", "back"}},
		{name: "it can be lost again", outcomes: []error{refused, nil, refused}, want: []string{"lost", "back", "lost"}},
		{name: "credentials that have expired are a loss", outcomes: []error{apierrors.NewUnauthorized("expired")}, want: []string{"lost"}},
		{name: "too old a version is an answer", outcomes: []error{apierrors.NewResourceExpired("too old")}},
		{name: "so is a refusal", outcomes: []error{apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New("no"))}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told []string
			c := contact{observer: Observer{
				Lost: func(error) { told = append(told, "lost") },
				Back: func() { told = append(told, "back") },
			}}
			for _, err := range test.outcomes {
				c.note(context.Background(), err)
			}
			if !slices.Equal(told, test.want) {
				t.Errorf("told %v, want %v", told, test.want)
			}
		})
	}
}

func TestContactSaysNothingAtTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := contact{observer: Observer{Lost: func(err error) { t.Errorf("told %v", err) }}}
	c.note(ctx, context.Canceled)
}
