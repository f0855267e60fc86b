package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/link"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// Conditions describes a slow or lossy link.
type Conditions = link.Conditions

// Lose makes the host's link lose a percentage of the packets in each
// direction; the function stops that.
func (h *Host) Lose(t testing.TB, percent float64) (mend func()) {
	t.Helper()
	return h.Impair(t, Conditions{Loss: percent})
}

// Delay makes every round trip to the host take longer; the function stops that.
func (h *Host) Delay(t testing.TB, roundTrip time.Duration) (mend func()) {
	t.Helper()
	return h.Impair(t, Conditions{RoundTrip: roundTrip})
}

// Impair gives the host a link of the conditions in place of a perfect one; the
// function undoes that.
func (h *Host) Impair(t testing.TB, c Conditions) (mend func()) {
	t.Helper()
	h.cluster.NeedFaults(t)
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skipf("skipped: links are emulated between TAP interfaces: %v", err)
	}
	must(t, h.ImpairLink(c))
	return undoable(t, func(context.Context) error { return h.RepairLink() })
}

// ImpairLink gives the host a link of the conditions until RepairLink; it can
// have one at a time. Connections survive both. The rig emulates the link in
// user space, between its bridge and one that only the host is plugged into,
// also where the kernel has sch_netem: so it loses the same packets everywhere.
func (h *Host) ImpairLink(c Conditions) error {
	if err := c.Validate(); err != nil {
		return err
	}
	near, far := "near-"+h.name, "far-"+h.name
	if err := h.cluster.parent.OpenLink(process.LinkSpec{Name: h.name, Interfaces: [2]string{near, far}, Conditions: c}); err != nil {
		return err
	}
	err := h.cluster.ip("", fmt.Sprintf(`link add slow-%[1]s type bridge
link set slow-%[1]s up
link set %[2]s master slow-%[1]s up
link set %[3]s master br0 up
link set v-%[1]s master slow-%[1]s
`, h.name, near, far))
	if err != nil {
		return errors.Join(err, h.RepairLink())
	}
	return nil
}

// RepairLink gives the host its perfect link again.
func (h *Host) RepairLink() error {
	return errors.Join(
		h.cluster.ip("", "link set v-"+h.name+" master br0\nlink del slow-"+h.name+"\n"),
		h.cluster.parent.CloseLink(h.name))
}
