// Package nodeport knows the node port range: its bounds and bands, who holds
// which port, and how a free one is chosen. It is pure.
package nodeport

import (
	"fmt"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Range is the API server's --service-node-port-range, both ends included.
// The zero value means that the range is not known; see OrDefault.
type Range struct {
	First, Last int32
	// Learned tells that the range was told by the API server, not assumed.
	Learned bool
}

// Default is the range of an API server that was given no other
// (k8s.io/kubernetes pkg/kubeapiserver/options/options.go, DefaultServiceNodePortRange).
func Default() Range { return Range{First: 30000, Last: 32767} }

// OrDefault returns r, or the default range when r is not known.
func (r Range) OrDefault() Range {
	if r.Last == 0 {
		return Default()
	}
	return r
}

// Contains tells whether the API server would hand out or accept port.
func (r Range) Contains(port int32) bool { return r.First <= port && port <= r.Last }

// Size is the number of ports in the range.
func (r Range) Size() int32 { return r.Last - r.First + 1 }

// String writes the range as the API server's flag takes it: "30000-32767".
func (r Range) String() string { return fmt.Sprintf("%d-%d", r.First, r.Last) }

// Bands splits the range as the allocator does: ports chosen by people should
// come from static, automatic allocation starts in dynamic and turns to static
// only when that is full. A range of 16 ports or fewer has no static band,
// which is then the zero Range.
// (k8s.io/kubernetes pkg/registry/core/service/portallocator/allocator.go, calculateRangeOffset)
func (r Range) Bands() (static, dynamic Range) {
	const least, most, part = 16, 128, 32
	if r.Size() <= least {
		return Range{}, r
	}
	offset := min(max(least, r.Size()/part), most)
	static, dynamic = r, r
	static.Last = r.First + offset - 1
	dynamic.First = r.First + offset
	return static, dynamic
}

// ParseRange reads a range as the API server prints and takes it: "30000-32767",
// "30000+2767", which is the same, or a single port.
func ParseRange(s string) (Range, error) {
	parsed, err := utilnet.ParsePortRange(s)
	if err != nil || parsed.Base < 1 {
		return Range{}, fmt.Errorf("node port range %q is not FIRST-LAST, FIRST+MORE or one port, from 1 to 65535", s)
	}
	return Range{First: int32(parsed.Base), Last: int32(parsed.Base + parsed.Size - 1)}, nil
}
