package check

import "slices"

// walkRules are about what the network answers. Their findings are made from
// walks: see diagnose.
func walkRules() []Rule {
	rules := slices.Concat(wayRules(), nodeWalkRules(), podWalkRules())
	for i := range rules {
		rules[i].find = func(*subject) []Finding { return nil }
	}
	return rules
}

// wayRules are about the way from here to the nodes.
func wayRules() []Rule {
	return []Rule{{
		ID: "NP301", Severity: Error, Title: "node port does not answer",
		Explanation: "Nothing came back in time, and no other standpoint tells why. It may be a firewall or security group, " +
			"a network policy, or a pod network that is broken: a packet that is dropped looks the same everywhere. With the " +
			"permission to get nodes/proxy the API server can try as well, and what it meets narrows the cause down.",
	}, {
		ID: "NP302", Severity: Error, Title: "firewall drops the node port",
		Explanation: "The node port answers to the API server, but not to this machine. So the service is fine, and something " +
			"between here and the node drops the packets: the firewall of the node, the security group of the cloud, or a router. " +
			"Clouds open no node ports by themselves.",
	}, {
		ID: "NP303", Severity: Error, Title: "firewall rejects the node port",
		Explanation: "A machine on the way answered by ICMP that the connection is prohibited, or reset a connection that the " +
			"node itself takes. When that machine is the node, its own firewall does it, often for packets that it should " +
			"forward to the pods: open the way to the pods' network, not the port of the node.",
	}, {
		ID: "NP309", Severity: Error, Title: "nodes are not reached from here",
		Explanation: "This machine has no way to the addresses of the nodes. The nodes of clusters on a laptop are containers or " +
			"virtual machines of a network of their own, and those of a cloud may have private addresses alone.",
	}, {
		ID: "NP310", Severity: Warning, Title: "node port is not served on all addresses",
		Explanation: "The node answers at one of its addresses and not at another. kube-proxy serves node ports on those that its " +
			"setting nodePortAddresses names; in nftables mode, and with the value primary, that is the node's first address " +
			"of each IP family.",
	}, {
		ID: "NP311", Severity: Warning, Title: "connecting takes seconds",
		Explanation: "Connecting took so long that the client sent its first packet again, as it does when a second has passed: packets " +
			"are lost on the path, or delayed by more than a second. On overlay networks, wrong checksums of VXLAN packets are known " +
			"to cause this; elsewhere, an overloaded link.",
	}}
}

// nodeWalkRules are about nodes and what they do with a packet.
func nodeWalkRules() []Rule {
	return []Rule{{
		ID: "NP304", Severity: Error, Title: "node does not serve the node port",
		Explanation: "The node resets the connection: it has no rule for the node port, so the packet met the node's own " +
			"programs, of which none listens there. kube-proxy, or what takes its place, does not run on the node or has not " +
			"done its work. That no program listens on a node port is no fault: kube-proxy needs none.",
	}, {
		ID: "NP305", Severity: Error, Title: "node is not reached",
		Explanation: "Not even the machine is reached at this address: it is down, or the address is not its own.",
	}, {
		ID: "NP314", Severity: Info, Title: "node port answers although it should not",
		Explanation: "From the state of the cluster no connection should be possible, but there is one. Either something other than " +
			"kube-proxy serves the port, or the rules on the node are of an earlier state.",
	}, {
		ID: "NP315", Severity: Error, Title: "node knows no endpoints",
		Explanation: "The node refuses the connection as kube-proxy does for a service without endpoints, although there are " +
			"endpoints that are ready. Its kube-proxy has stopped, or does not hear from the API server.",
	}, {
		ID: "NP316", Severity: Error, Title: "node does not reach pods of other nodes",
		Explanation: "Only the nodes that run pods of the service answer, although with externalTrafficPolicy Cluster all should: " +
			"the others cannot pass packets on. The network between the nodes is broken, often because a firewall drops what " +
			"carries it: UDP 8472 or 4789 for VXLAN, or IP in IP.",
	}, {
		ID: "NP317", Severity: Error, Title: "node forwards to a pod that is gone",
		Explanation: "The node answered that it cannot reach the pod. It has a pod's old address, because its kube-proxy or what " +
			"fills the endpoints has stopped, or the way to the pod's node is missing.",
	}}
}

// podWalkRules are about pods and the applications in them.
func podWalkRules() []Rule {
	return []Rule{{
		ID: "NP306", Severity: Error, Title: "application listens on loopback only",
		Explanation: "The pod refuses connections at its own address, and takes them on its loopback. The application binds " +
			"to 127.0.0.1 or localhost, so that kubectl port-forward reaches it and no service ever will. It has to bind to " +
			"0.0.0.0 or ::.",
	}, {
		ID: "NP307", Severity: Error, Title: "nothing listens on the target port",
		Explanation: "The pod refuses connections at the target port. The application listens on another port, or not yet. " +
			"What a container declares as its ports changes nothing of that: it is for people to read.",
	}, {
		ID: "NP308", Severity: Error, Title: "pod is not reached in the cluster",
		Explanation: "The pod does not answer at its own address, not even from inside the cluster, although it is ready. A " +
			"network policy may keep everybody out, a service mesh may drop what does not come through it, or the network " +
			"between the nodes is broken.",
	}, {
		ID: "NP312", Severity: Warning, Title: "connection is closed at once",
		Explanation: "The connection was taken and closed before a word was said. A proxy on the way, such as that of a port map " +
			"or of a service mesh, takes connections before it knows whether there is anybody to pass them to.",
	}, {
		ID: "NP313", Severity: Warning, Title: "port speaks another protocol than its name says",
		Explanation: "A port that looks like HTTP answers with TLS, or the other way round. Clients that believe the name of the " +
			"port, or its appProtocol, fail.",
	}, {
		ID: "NP318", Severity: Warning, Title: "application answers with an error",
		Explanation: "The way to the application works, and what answers there says that it cannot serve: HTTP 502, 503 or 504 come " +
			"from a proxy in the pod whose own backend is gone, and 500 from the application.",
	}}
}
