package forward

import (
	"net/netip"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestWherePodsCanBeReached(t *testing.T) {
	for _, test := range []struct {
		name     string
		vicinity Vicinity
		table    *route.Table
		want     bool
	}{
		{name: "not from just anywhere", vicinity: Vicinity{Own: []netip.Addr{netip.MustParseAddr("192.168.0.7")}}, table: shop()},
		{name: "from a node of the cluster", vicinity: Vicinity{Own: []netip.Addr{netip.MustParseAddr("10.1.11.5")}}, table: shop(), want: true},
		{
			name:     "where their networks are routed",
			vicinity: Vicinity{Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.1.0/24"), netip.MustParsePrefix("10.2.2.0/24")}},
			table:    shop(), want: true,
		}, {
			name:     "but not where only some are",
			vicinity: Vicinity{Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.1.0/24")}},
			table:    shop(),
		}, {
			name:     "nor when there are no pods to ask the way to",
			vicinity: Vicinity{Gateways: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}},
			table:    &route.Table{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.vicinity.Reaches(test.table); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
