//go:build !linux

package probe

import (
	"context"
	"net"
)

// dial connects. Only Linux reports ICMP messages to unprivileged programs.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}
