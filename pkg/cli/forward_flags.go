package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/forward"
)

// forwardFlags are what the user typed.
type forwardFlags struct {
	allNamespaces bool
	selector      string
	via           string
	addresses     []string
	offset        int
	mapped        []string
	nodes         bool
	node          string
	output        string
	serve         serveFlags
}

// forwardOptions are what forward does.
type forwardOptions struct {
	*factory
	query cluster.Query
	where string
	via   forward.Via
	place forward.Placement
	serve serveOptions
	json  bool
}

func (flags *forwardFlags) options(f *factory, args []string) (*forwardOptions, error) {
	names, err := parseServices(args)
	if err != nil {
		return nil, err
	}
	switch {
	case flags.allNamespaces && len(names) > 0:
		return nil, errors.New("a service cannot be named across all namespaces; give -n NAMESPACE instead of -A")
	case flags.selector != "" && len(names) > 0:
		return nil, errors.New("give names or a selector, not both")
	case flags.output != "" && flags.output != "json":
		return nil, fmt.Errorf("-o is json, not %q", flags.output)
	}
	o := &forwardOptions{factory: f, json: flags.output == "json"}
	if o.via, err = forward.ParseVia(flags.via); err != nil {
		return nil, err
	}
	if o.place, err = flags.placement(); err != nil {
		return nil, err
	}
	if o.serve, err = flags.serve.options(); err != nil {
		return nil, err
	}
	namespace, where, err := f.scope(flags.allNamespaces)
	if err != nil {
		return nil, err
	}
	o.where = where
	o.query = cluster.Query{
		Namespace: namespace, Names: names, Selector: flags.selector, Slices: true,
		Nodes: flags.node != "" || flags.nodes || o.via == forward.Auto, // which asks whether this machine is one
	}
	return o, nil
}

func (flags *forwardFlags) placement() (forward.Placement, error) {
	place := forward.Placement{Node: flags.node, PerNode: flags.nodes, Offset: flags.offset}
	if flags.nodes && (flags.node != "" || len(flags.addresses) > 0) {
		return place, errors.New("--nodes gives every node an address of its own; leave out --node and --address")
	}
	for _, given := range flags.addresses {
		ip, err := parseListenAddress(given)
		if err != nil {
			return place, err
		}
		place.Addresses = append(place.Addresses, ip)
	}
	for _, given := range flags.mapped {
		from, to, err := parseMapped(given)
		if err != nil {
			return place, err
		}
		if place.Ports == nil {
			place.Ports = map[uint16]uint16{}
		}
		place.Ports[from] = to
	}
	return place, nil
}

func parseListenAddress(given string) (netip.Addr, error) {
	if given == "localhost" {
		given = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(given)
	if err != nil {
		return ip, fmt.Errorf("--address wants an IP address of this machine, not %q", given)
	}
	return ip.Unmap(), nil
}

// parseMapped reads NODEPORT=PORT.
func parseMapped(given string) (from, to uint16, err error) {
	left, right, found := strings.Cut(given, "=")
	nodePort, err1 := strconv.ParseUint(left, 10, 16)
	port, err2 := strconv.ParseUint(right, 10, 16)
	if !found || err1 != nil || err2 != nil || nodePort == 0 || port == 0 {
		return 0, 0, fmt.Errorf("--map wants NODEPORT=PORT, such as 30033=8080, not %q", given)
	}
	return uint16(nodePort), uint16(port), nil
}
