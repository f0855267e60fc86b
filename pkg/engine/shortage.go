package engine

import "time"

// shortageQuiet is how long after a report another shortage is not reported.
const shortageQuiet = 10 * time.Second

// shortage decides when to report that clients are turned away: when it begins,
// and not for each of them. The zero value is none.
type shortage struct {
	lasts bool
	// at is how many clients were served when it began.
	at         int
	reportedAt time.Time
}

// note registers that a client was turned away while so many are served; it
// returns true when that is to be reported.
func (s *shortage) note(served int, now time.Time) bool {
	report := !s.lasts && (s.reportedAt.IsZero() || now.Sub(s.reportedAt) >= shortageQuiet)
	if !s.lasts {
		s.lasts, s.at = true, served
	}
	if report {
		s.reportedAt = now
	}
	return report
}

// ease ends the shortage when a tenth of those that were served when it began
// are gone, and at least one.
func (s *shortage) ease(served int) {
	if served <= max(s.at-max(s.at/10, 1), 0) {
		s.lasts = false
	}
}
