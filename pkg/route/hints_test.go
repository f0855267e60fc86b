package route

import "testing"

func TestPacketFlowWithHints(t *testing.T) {
	for _, flow := range []packetFlow{
		{
			name: "the endpoint hinted for the node's zone",
			endpoints: endpoints{
				ready("10.2.1.7", "node-a", forZones("zone-1")), ready("10.2.2.8", "node-b", forZones("zone-2")),
			},
			want: "forward 10.2.1.7:300",
		}, {
			name: "the zone of the node counts, not that of the endpoint",
			endpoints: endpoints{
				ready("10.2.1.7", "node-a", forZones("zone-2")), ready("10.2.2.8", "node-b", forZones("zone-1")),
			},
			want: "forward 10.2.2.8:300",
		}, {
			name: "one endpoint hinted for several zones",
			endpoints: endpoints{
				ready("10.2.1.7", "", forZones("zone-2", "zone-1")), ready("10.2.2.8", "", forZones("zone-2")),
			},
			want: "forward 10.2.1.7:300",
		}, {
			name: "one ready endpoint without a hint voids them all",
			endpoints: endpoints{
				ready("10.2.1.7", "node-a", forZones("zone-1")), ready("10.2.2.8", "node-b"),
			},
			want: "forward 10.2.1.7:300 10.2.2.8:300",
		}, {
			name: "an endpoint without a hint that is not ready voids none",
			endpoints: endpoints{
				ready("10.2.1.7", "node-a", forZones("zone-1")), ready("10.2.2.8", "node-b", forZones("zone-2")), notReady("10.2.3.9", "node-c"),
			},
			want: "forward 10.2.1.7:300",
		}, {
			name:      "hints that name only other zones are void",
			endpoints: endpoints{ready("10.2.1.7", "node-a", forZones("zone-2")), ready("10.2.2.8", "node-b", forZones("zone-3"))},
			want:      "forward 10.2.1.7:300 10.2.2.8:300",
		}, {
			name:      "a hint for the zone on an endpoint that is not ready does not count",
			endpoints: endpoints{ready("10.2.1.7", "", forZones("zone-2")), serving("10.2.2.8", "", forZones("zone-1"))},
			want:      "forward 10.2.1.7:300",
		}, {
			name:      "a node without a zone uses all",
			at:        "node-c",
			endpoints: endpoints{ready("10.2.1.7", "", forZones("zone-1")), ready("10.2.2.8", "", forZones("zone-2"))},
			want:      "forward 10.2.1.7:300 10.2.2.8:300",
		}, {
			name: "hints for nodes come before those for zones",
			endpoints: endpoints{
				ready("10.2.1.7", "", forNodes("node-b"), forZones("zone-1")), ready("10.2.2.8", "", forNodes("node-a"), forZones("zone-2")),
			},
			want: "forward 10.2.2.8:300",
		}, {
			name: "hints for nodes that do not name this one leave those for zones",
			endpoints: endpoints{
				ready("10.2.1.7", "", forNodes("node-b"), forZones("zone-1")), ready("10.2.2.8", "", forNodes("node-c"), forZones("zone-2")),
			},
			want: "forward 10.2.1.7:300",
		}, {
			name: "one ready endpoint without a hint for nodes leaves those for zones",
			endpoints: endpoints{
				ready("10.2.1.7", "", forNodes("node-a"), forZones("zone-2")), ready("10.2.2.8", "", forZones("zone-1")),
			},
			want: "forward 10.2.2.8:300",
		}, {
			name: "a hint for several nodes",
			endpoints: endpoints{
				ready("10.2.1.7", "", forNodes("node-c", "node-a")), ready("10.2.2.8", "", forNodes("node-b")),
			},
			want: "forward 10.2.1.7:300",
		}, {
			name: "terminating endpoints stand in whatever their hints",
			endpoints: endpoints{
				serving("10.2.1.7", "", forZones("zone-1")), serving("10.2.2.8", "", forZones("zone-2")),
			},
			want: "forward 10.2.1.7:300 10.2.2.8:300",
		}, {
			name:      "hints lead a pod inside the cluster as well",
			inside:    true,
			endpoints: endpoints{ready("10.2.1.7", "", forZones("zone-1")), ready("10.2.2.8", "", forZones("zone-2"))},
			want:      "forward 10.2.1.7:300",
		},
	} {
		t.Run(flow.name, flow.run)
	}
}
