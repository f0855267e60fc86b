package render

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestAccessLine(t *testing.T) {
	answered := engine.Access{
		Target: engine.Target{
			Way: engine.Way{
				Namespace: "shop", Service: "web", PortName: "http", Protocol: "TCP", NodePort: 30033, Port: 82,
				Node: "n1", Address: netip.MustParseAddrPort("127.0.0.1:30033"),
			},
			Client:   netip.MustParseAddrPort("127.0.0.1:50000"),
			Endpoint: route.Endpoint{Address: netip.MustParseAddrPort("10.2.1.7:300"), Pod: "web-1"},
		},
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Dial:    time.Millisecond, Duration: 1500 * time.Microsecond, Sent: 78, Received: 192, Tries: 1,
	}
	refused := answered
	refused.Endpoint, refused.Err, refused.Sent, refused.Received = route.Endpoint{}, errors.New("no \x1b[31mendpoint"), 0, 0
	for _, test := range []struct {
		name   string
		access engine.Access
		json   bool
		want   string
	}{
		{
			name: "the whole way in a line", access: answered,
			want: "2026-01-02T03:04:05Z TCP 127.0.0.1:50000 → n1 127.0.0.1:30033 → shop/web:82 → web-1 10.2.1.7:300, 78 bytes sent, 192 received, 1.5ms",
		}, {
			name: "why it failed, with nothing that a terminal obeys", access: refused,
			want: `2026-01-02T03:04:05Z TCP 127.0.0.1:50000 → n1 127.0.0.1:30033 → shop/web:82 → no endpoint, 0 bytes sent, 0 received, 1.5ms: no \u001b[31mendpoint`,
		}, {
			name: "for programs", access: answered, json: true,
			want: `{"time":"2026-01-02T03:04:05Z","event":"access","protocol":"TCP","client":"127.0.0.1:50000","node":"n1","address":"127.0.0.1:30033","namespace":"shop",` +
				`"service":"web","nodePort":30033,"port":82,"portName":"http","endpoint":"10.2.1.7:300","pod":"web-1","tries":1,"sent":78,"received":192,"dialMs":1,"ms":1.5}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := AccessLine(&b, &test.access, test.json, Unicode()); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSuffix(b.String(), "\n"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
