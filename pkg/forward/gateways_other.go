//go:build !linux

package forward

import "net/netip"

// gateways are not known here: --via direct says that pods can be reached.
func gateways() []netip.Prefix { return nil }
