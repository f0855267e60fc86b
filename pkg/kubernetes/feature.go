package kubernetes

// Feature is something that Kubernetes does or refuses from some version on. It
// is named after its feature gate, or in lower case if it has none.
type Feature string

// The features that this program distinguishes versions by.
const (
	RelaxedServiceNames  Feature = "RelaxedServiceNameValidation"
	TrafficDistribution  Feature = "ServiceTrafficDistribution"
	PreferSame           Feature = "PreferSameTrafficDistribution"
	StrictAddresses      Feature = "StrictIPCIDRValidation"
	NFTables             Feature = "NFTablesProxyMode"
	NFTablesLocalhost    Feature = "KubeProxyNFTablesLocalhostNodePorts"
	WebSocketPortForward Feature = "PortForwardWebsockets"
	CreatePortForward    Feature = "AuthorizePodWebsocketUpgradeCreatePermission"
	ServiceCIDRs         Feature = "MultiCIDRServiceAllocator"
	TypeSelector         Feature = "field selector spec.type of services"
	PreferCloseWarning   Feature = "warning of PreferClose"
	ExternalIPsWarning   Feature = "warning of externalIPs"
	KubeletPort          Feature = "port 10250 on load balancers"
	IPVSWarning          Feature = "warning of IPVS"
	RunningEndpoint      Feature = "running endpoint before terminating one"
	FlowsByPort          Feature = "UDP flows end with the port of their endpoint"
)

// State is what a version does of a feature unless its administrators choose
// otherwise.
type State int

// The states of a feature in a version.
const (
	// Unknown is the state in an unknown version.
	Unknown State = iota
	// Absent: the version does not have it.
	Absent
	// Off: the version has it, and does it only if its gate is switched on.
	Off
	// On: the version does it unless its gate is switched off.
	On
	// Always: the version does it, and it cannot be switched off.
	Always
)

// History is the history of a feature. A version that is zero has not come yet.
type History struct {
	Feature Feature
	// Exists, Default and Locked are the versions since which the feature exists,
	// is on by default, and cannot be switched off.
	Exists, Default, Locked Version
	// Effect says in a sentence what happens where the feature is on.
	Effect string
	// Source names where k8s.io/kubernetes shows that, as read at v1.37.2 unless
	// the source says otherwise.
	Source string
}

// In returns the state of the feature in a version.
func (h History) In(v Version) State {
	since := func(start Version) bool { return start != 0 && v >= start }
	switch {
	case v == 0:
		return Unknown
	case since(h.Locked):
		return Always
	case since(h.Default):
		return On
	case since(h.Exists):
		return Off
	}
	return Absent
}

// In returns the state of the feature in a version.
func (f Feature) In(v Version) State {
	for _, h := range Features() {
		if h.Feature == f {
			return h.In(v)
		}
	}
	return Unknown
}

// Missing reports whether a version is known not to do it by default.
func (f Feature) Missing(v Version) bool {
	state := f.In(v)
	return state == Absent || state == Off
}

// Features returns the history of every feature.
func Features() []History {
	const (
		gates      = "pkg/features/kube_features.go"
		validation = "pkg/apis/core/validation/validation.go"
		warnings   = "pkg/api/service/warnings.go"
	)
	return []History{{
		RelaxedServiceNames, 34, 36, 37,
		"The name of a service may start with a digit. Without it the API server refuses such a name.", gates,
	}, {
		TrafficDistribution, 30, 31, 33,
		"A service may have trafficDistribution PreferClose, and kube-proxy follows the hints of endpoints without an annotation " +
			"on the service. Without it the API server drops the field.", gates + " at v1.34.9; pkg/registry/core/service/strategy.go and pkg/proxy/topology.go at v1.30.14",
	}, {
		PreferSame, 33, 34, 35,
		"A service may have trafficDistribution PreferSameZone or PreferSameNode, and kube-proxy follows hints that name nodes. " +
			"Without it the API server refuses the two values.", gates + "; " + validation + ", validateServiceTrafficDistribution",
	}, {
		StrictAddresses, 33, 36, 0,
		"Addresses with leading zeros, IPv4-mapped IPv6 addresses and ranges with bits beyond their prefix are refused in services. " +
			"Without it the API server accepts them.", gates + "; apimachinery pkg/util/validation/ip.go",
	}, {
		PreferCloseWarning, 35, 35, 35,
		"The API server warns that trafficDistribution PreferClose is deprecated and should be PreferSameZone.", warnings + ", compared with v1.34.9",
	}, {
		ExternalIPsWarning, 36, 36, 36,
		"The API server warns that externalIPs is deprecated.", warnings + ", compared with v1.35.4",
	}, {
		KubeletPort, 33, 33, 33,
		"A service of type LoadBalancer may have port 10250. Without it the API server refuses the port, as it is the kubelet's.", validation + ", compared with v1.32.2",
	}, {
		TypeSelector, 31, 31, 31,
		"The API server lists the services of one type. Without it this program lists all services and chooses from them.",
		"pkg/apis/core/v1/conversion.go, compared with v1.30.14",
	}, {
		ServiceCIDRs, 27, 33, 34,
		"Cluster IPs come from ServiceCIDR objects, so that ranges can be added to a running cluster.", gates,
	}, {
		WebSocketPortForward, 30, 31, 0,
		"The API server offers port-forwards over WebSocket. Without it they go over SPDY, which some proxies do not let through.", gates,
	}, {
		CreatePortForward, 35, 35, 0,
		"A port-forward over WebSocket needs the permission to create pods/portforward. Without it the permission to get it is enough.", gates,
	}, {
		NFTables, 29, 31, 33,
		"kube-proxy has the mode nftables. It is iptables in every version unless configured.", gates,
	}, {
		NFTablesLocalhost, 37, 0, 0,
		"kube-proxy in nftables mode serves TCP node ports on the node's loopback addresses, from user space.", gates + "; pkg/proxy/nftables/proxier.go",
	}, {
		RunningEndpoint, 36, 36, 36,
		"Of two endpoints with the same address, kube-proxy uses the one that is not terminating. Without it kube-proxy uses the one " +
			"on its own node.", "pkg/proxy/endpointslicecache.go, compared with v1.35.4",
	}, {
		FlowsByPort, 34, 34, 34,
		"A UDP flow is moved when its endpoint is gone, whether its address or only its target port. Without it a flow stays at a " +
			"target port that the service has no more, as long as another endpoint has the address.",
		"pkg/proxy/conntrack/cleanup.go, compared with v1.33.13",
	}, {
		IPVSWarning, 35, 35, 35,
		"kube-proxy warns that its mode ipvs is deprecated.", "cmd/kube-proxy/app/server_linux.go, compared with v1.34.9",
	}}
}
