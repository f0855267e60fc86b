package tunnel

import (
	"strconv"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

// protocol is the only version of port forwarding that Kubernetes has.
const protocol = "portforward.k8s.io"

// appendStreams appends the frames that open the two streams of a connection:
// one on which the node reports a failure, and of which our side ends at
// once, and one for the data. first reports that no stream was opened on the
// session before.
func appendStreams(b []byte, errorStream, dataStream uint32, port uint16, first bool) []byte {
	headers := func(kind string) []spdy.Header {
		return []spdy.Header{
			{Name: "streamtype", Value: kind},
			{Name: "port", Value: strconv.Itoa(int(port))},
			{Name: "requestid", Value: strconv.Itoa(int(errorStream))},
		}
	}
	b = spdy.AppendSynStream(b, errorStream, true, first, headers("error")...)
	return spdy.AppendSynStream(b, dataStream, false, false, headers("data")...)
}
