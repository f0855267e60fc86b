package rig

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// Cut unplugs the host from the network; the function plugs it in again.
func (h *Host) Cut(t testing.TB) (mend func()) {
	t.Helper()
	h.cluster.NeedFaults(t)
	must(t, h.link("down"))
	return undoable(t, func(context.Context) error { return h.link("up") })
}

func (h *Host) link(state string) error {
	return h.cluster.ip("", "link set v-"+h.name+" "+state+"\n")
}

// Verdict is what a firewall does with a packet.
type Verdict string

// What a firewall does: drop in silence, answer that it is prohibited, or, of
// TCP, answer with a reset.
const (
	Drop   Verdict = "drop"
	Reject Verdict = "reject with icmpx type admin-prohibited"
	Reset  Verdict = "reject with tcp reset"
)

// Firewall puts a firewall in front of the host that blocks one port of network
// "tcp" or "udp", before kube-proxy's rules; the function takes it away.
func (h *Host) Firewall(t testing.TB, v Verdict, network string, port int) (lift func()) {
	t.Helper()
	return h.filter(t, fmt.Sprintf("%s dport %d %s", network, port, v))
}

// filter adds a rule for what reaches the host, in a table of its own that
// comes before kube-proxy's destination translation.
func (h *Host) filter(t testing.TB, rule string) (lift func()) {
	t.Helper()
	h.cluster.NeedFaults(t)
	table := "inet rig_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	must(t, h.cluster.parent.Must(process.Spec{Host: h.name, Args: []string{"nft", "-f", "-"}, Stdin: fmt.Sprintf(
		"table %s {\n chain in {\n type filter hook prerouting priority -310\n %s\n }\n}\n", table, rule)}))
	return undoable(t, func(context.Context) error { return h.cluster.sh(h.name, "nft delete table "+table) })
}

// Occupy has another program listen on a port of the host, on every address,
// for network "tcp" or "udp"; the function frees the port. The program closes
// connections and does not answer datagrams.
func (h *Host) Occupy(t testing.TB, network string, port int) (free func()) {
	t.Helper()
	addr := ":" + strconv.Itoa(port)
	if network == "udp" {
		conn, err := h.ListenPacket(t.Context(), network, addr)
		must(t, err)
		return undoable(t, func(context.Context) error { return conn.Close() })
	}
	l, err := h.Listen(t.Context(), network, addr)
	must(t, err)
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			_ = conn.Close()
		}
	}()
	return undoable(t, func(context.Context) error { return l.Close() })
}
