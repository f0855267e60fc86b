package local

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestAPodIsLookedAtOftenUntilItIsReady(t *testing.T) {
	down := errors.New("down")
	const ms, s = time.Millisecond, time.Second
	for _, test := range []struct {
		name    string
		probe   readiness
		met     []error
		pauses  []time.Duration
		ready   []bool
		overdue int // the look from which on the pod is waited for, from 1 on; 0 for none
	}{
		{
			"an application that does not listen is looked at less and less often, up to its period",
			readiness{period: 2 * s, success: 1, failure: 3},
			[]error{down, down, down, down, down, down},
			[]time.Duration{200 * ms, 400 * ms, 800 * ms, 1600 * ms, 2 * s, 2 * s},
			[]bool{false, false, false, false, false, false}, 2,
		},
		{
			"one that listens is ready at the next look, and is looked at as its pod says",
			readiness{period: 10 * s, success: 1, failure: 3},
			[]error{down, nil, nil},
			[]time.Duration{200 * ms, 10 * s, 10 * s},
			[]bool{false, true, true}, 0,
		},
		{
			"what has to succeed twice in a row takes a period to",
			readiness{period: 10 * s, success: 2, failure: 3},
			[]error{nil, down, nil, nil},
			[]time.Duration{10 * s, 200 * ms, 10 * s, 10 * s},
			[]bool{false, false, false, true}, 0,
		},
		{
			"one that no longer answers is ready until it has failed often enough, and then looked at often again",
			readiness{period: 10 * s, success: 1, failure: 2},
			[]error{nil, down, nil, down, down, down, down, nil},
			[]time.Duration{10 * s, 10 * s, 10 * s, 10 * s, 200 * ms, 400 * ms, 800 * ms, 10 * s},
			[]bool{true, true, true, true, false, false, false, true}, 0,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			looks := newLooks(&test.probe, 2)
			var pauses []time.Duration
			var ready []bool
			overdue := 0
			for i, err := range test.met {
				pauses = append(pauses, looks.saw(err))
				ready = append(ready, looks.ready)
				if err != nil && !looks.ready && looks.overdue() {
					overdue = i + 1
				}
			}
			if !slices.Equal(pauses, test.pauses) {
				t.Errorf("the pauses are %v, want %v", pauses, test.pauses)
			}
			if !slices.Equal(ready, test.ready) {
				t.Errorf("ready is %v, want %v", ready, test.ready)
			}
			if overdue != test.overdue {
				t.Errorf("it is waited for after look %d, want %d", overdue, test.overdue)
			}
		})
	}
}
