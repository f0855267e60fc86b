package engine

import (
	"errors"
	"testing"
	"time"
)

func TestAShortageEndsWhenThereIsRoomAgain(t *testing.T) {
	for _, test := range []struct{ at, still, over int }{
		{at: 0, still: 1, over: 0},
		{at: 1, still: 1, over: 0},
		{at: 2, still: 2, over: 1},
		{at: 9, still: 9, over: 8},
		{at: 1000, still: 901, over: 900},
	} {
		var s shortage
		now := time.Now()
		if !s.note(test.at, now) {
			t.Errorf("%d served: it is not reported", test.at)
		}
		if s.ease(test.still); !s.lasts {
			t.Errorf("%d served: it is over at %d", test.at, test.still)
		}
		if s.ease(test.over); s.lasts {
			t.Errorf("%d served: it lasts at %d", test.at, test.over)
		}
		if s.note(test.at, now.Add(shortageQuiet-1)) {
			t.Errorf("%d served: it is reported again at once", test.at)
		}
		if s.ease(test.over); !s.note(test.at, now.Add(shortageQuiet)) {
			t.Errorf("%d served: it is not reported again later", test.at)
		}
	}
}

// Where the system has no limit of its own, clients can be turned away for
// other reasons.
func TestAShortageWithoutALimitEndsBeforeAllConnectionsHave(t *testing.T) {
	c := connections{all: map[cutter]struct{}{}}
	e := New(Options{})
	defer e.cut()
	var open []*connection
	for range 20 {
		conn := &connection{}
		if err := c.tryAdd(conn); err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	c.short(e, errors.New("too many open files"))
	for _, conn := range open[:2] {
		c.remove(conn)
	}
	if c.shortage.lasts {
		t.Error("it lasts with 18 of 20 connections")
	}
}
