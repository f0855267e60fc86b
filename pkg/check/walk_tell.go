package check

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// teller puts a cause into words.
type teller struct {
	*subject
	walk *Walk
	*cause
}

// finding words a cause; id, severity and service are left to its rule.
func (t *teller) finding() Finding {
	words := map[string]func() Finding{
		"NP301": t.silent, "NP302": t.dropped, "NP303": t.rejected, "NP304": t.notServed, "NP305": t.nodeDown,
		"NP306": t.loopbackOnly, "NP307": t.notListening, "NP308": t.podSilent, "NP309": t.noWay, "NP310": t.oneAddress,
		"NP311": t.slowly, "NP312": t.closed, "NP313": t.otherProtocol, "NP314": t.betterThanPredicted, "NP315": t.unaware,
		"NP316": t.partitioned, "NP317": t.podGone, "NP318": t.serverError,
	}
	finding := words[t.id]()
	finding.Field = t.field()
	return finding
}

// field is that of the port in the service.
func (t *teller) field() string {
	if i := t.portIndex(); i >= 0 {
		return portField(i, "")
	}
	return ""
}

func (t *teller) portIndex() int {
	for i := range t.service.Spec.Ports {
		port := &t.service.Spec.Ports[i]
		if port.Port == int32(t.walk.Port.Port) && string(port.Protocol) == t.walk.Port.Protocol {
			return i
		}
	}
	return -1
}

// port is the node port as a firewall has it: "TCP 30033".
func (t *teller) port() string {
	return t.walk.Port.Protocol + " " + strconv.Itoa(int(t.walk.Port.NodePort))
}

// names are the nodes of the cause, each once.
func (t *teller) names() []string {
	var names []string
	for _, hop := range t.nodes {
		if !slices.Contains(names, hop.Node) {
			names = append(names, hop.Node)
		}
	}
	return names
}

// who is the nodes as the subject of a sentence, with the verb that fits.
func (t *teller) who(one, several string) string {
	return listText(plainAll(t.names())) + " " + t.number(one, several)
}

func (t *teller) number(one, several string) string {
	if len(t.names()) == 1 {
		return one
	}
	return several
}

func (t *teller) addresses() string {
	var hosts []string
	for _, hop := range t.nodes {
		if !slices.Contains(hosts, hop.Address.Host) {
			hosts = append(hosts, hop.Address.Host)
		}
	}
	return listText(hosts)
}

// about makes the only node of a cause the object of its finding.
func (t *teller) about(f Finding) Finding {
	if names := t.names(); len(names) == 1 {
		f.Object = snapshot.Ref{Kind: "Node", Name: names[0]}
	}
	return f
}

func (t *teller) silent() Finding {
	f := Finding{Message: fmt.Sprintf("%s not answer from here at %s, and it is not known why: a firewall or security group may drop it",
		t.who("does", "do"), t.port())}
	hop := t.nodes[0]
	switch {
	case hop.API.Outcome == probe.Untried:
		f.Message += "; the permission to get nodes/proxy would tell whether the cluster itself is reached"
	case signOfKubeProxy(hop.KubeProxy) == answered:
		f.Message = fmt.Sprintf("%s %s, from here and from the API server alike, though %s reached at other ports and kube-proxy is well there: "+
			"a firewall on the node or before it may do that, or the node does not reach the pods", t.who("drops", "drop"), t.port(), t.number("it is", "they are"))
	default:
		f.Message = fmt.Sprintf("%s neither from here nor from the API server at %s: a firewall may drop it, or the nodes do not reach the pods",
			t.who("answers", "answer"), t.port())
	}
	f.Fix = t.allow()
	return f
}

// allow is what to open in a firewall.
func (t *teller) allow() string {
	fix := fmt.Sprintf("allow %s from your address to %s", t.port(), t.addresses())
	if t.walk.Firewall != "" {
		fix += "; " + t.walk.Firewall
	}
	return fix
}

func (t *teller) dropped() Finding {
	return Finding{
		Message: fmt.Sprintf("%s inside the cluster but not from here: a firewall or security group drops %s to %s",
			t.who("answers", "answer"), t.port(), t.addresses()),
		Fix: t.allow(),
	}
}

func (t *teller) rejected() Finding {
	hop := t.nodes[0]
	offender := hop.Here.ICMP.Offender
	switch {
	case !offender.IsValid():
		return Finding{
			Message: fmt.Sprintf("%s inside the cluster, but the connection from here is reset: a firewall or proxy on the way rejects %s to %s",
				t.who("answers", "answer"), t.port(), t.addresses()),
			Fix: t.allow(),
		}
	case offender == hop.Address.IP:
		return t.about(Finding{
			Message: fmt.Sprintf("the firewall of %s (%s) rejects %s (ICMP: administratively prohibited)", plain(hop.Node), offender, t.port()),
			Fix: fmt.Sprintf("on %s allow packets to be forwarded to the pods, which is where %s leads; with firewalld: firewall-cmd --permanent --zone=trusted --add-source=POD-CIDR && firewall-cmd --reload",
				listText(plainAll(t.names())), t.port()),
		})
	}
	return Finding{
		Message: fmt.Sprintf("the firewall %s rejects %s to %s (ICMP: administratively prohibited)", offender, t.port(), t.addresses()),
		Fix:     t.allow() + ", on " + offender.String(),
	}
}

func (t *teller) notServed() Finding {
	f := t.about(Finding{
		Message: fmt.Sprintf("%s no rule for %s and %s connections: kube-proxy has not set it up there", t.who("has", "have"), t.port(), t.number("resets", "reset")),
		Fix:     "look at kube-proxy, or what replaces it, on the node: kubectl get pods -n kube-system -o wide --field-selector spec.nodeName=" + plain(t.names()[0]),
	})
	switch hop := t.nodes[0]; signOfKubeProxy(hop.KubeProxy) {
	case reset:
		f.Message = fmt.Sprintf("kube-proxy does not run on %s, so nothing serves %s there", listText(plainAll(t.names())), t.port())
	case unwell:
		f.Message = fmt.Sprintf("kube-proxy on %s is not healthy and has not set up %s there", listText(plainAll(t.names())), t.port())
	}
	return f
}

func (t *teller) nodeDown() Finding {
	f := t.about(Finding{
		Message: fmt.Sprintf("%s not reached at %s: the machine is down, or the address is not its own", t.who("is", "are"), t.addresses()),
		Fix:     "kubectl describe node " + plain(t.names()[0]),
		Passing: true,
	})
	if offender := t.nodes[0].Here.ICMP.Offender; offender.IsValid() {
		f.Message += fmt.Sprintf(" (%s says: host unreachable)", offender)
	}
	return f
}

func (t *teller) noWay() Finding {
	f := Finding{
		Message: fmt.Sprintf("this machine has no way to %s at %s", listText(plainAll(t.names())), t.addresses()),
		Fix:     "use a machine in the nodes' network, or a VPN to it" + t.forward(),
	}
	advice := t.walk.Advice
	if advice.Text != "" {
		f.Message += ": " + advice.Text
	}
	switch {
	case advice.Address != "":
		f.Fix = fmt.Sprintf("try %s:%d", advice.Address, t.walk.Port.NodePort)
	case advice.Command != "":
		f.Fix = advice.Command
	}
	return f
}

// forward is what opens the port on this machine meanwhile; UDP cannot pass
// through the API server.
func (t *teller) forward() string {
	if t.walk.Port.Protocol != "TCP" {
		return ""
	}
	return fmt.Sprintf("; for now: kubectl nodeport forward -n %s %s", plain(t.ref.Namespace), plain(t.ref.Name))
}

func (t *teller) oneAddress() Finding {
	return Finding{
		Message: fmt.Sprintf("%s at %s at another address, but not at %s", t.who("answers", "answer"), t.port(), t.addresses()),
		Fix:     "use the address that answers, or name this one in nodePortAddresses of kube-proxy's configuration",
	}
}

func (t *teller) slowly() Finding {
	longest := time.Duration(0)
	for _, hop := range t.nodes {
		longest = max(longest, hop.Here.Took)
	}
	return Finding{
		Message: fmt.Sprintf("%s only after %s: packets are lost on the path, or delayed by more than a second", t.who("answers", "answer"), longest.Round(100*time.Millisecond)),
		Fix:     "look for packet loss and congestion between this machine, the nodes and the pods",
	}
}

func (t *teller) betterThanPredicted() Finding {
	reason := t.nodes[0].Expect.Reason
	return Finding{
		Message: fmt.Sprintf("%s at %s, although by the state of the cluster it should not: %s", t.who("answers", "answer"), t.port(), reason),
		Fix:     "check what serves the port: another proxy than kube-proxy, or rules of an earlier state",
	}
}

func (t *teller) unaware() Finding {
	f := t.about(Finding{
		Message: fmt.Sprintf("%s %s as if the service had no endpoint, but there %s: the kube-proxy there does not know of %s",
			t.who("refuses", "refuse"), t.port(), t.endpoints(), "them"),
		Fix: "restart kube-proxy, or what replaces it, on the node: kubectl get pods -n kube-system -o wide --field-selector spec.nodeName=" + plain(t.names()[0]),
	})
	if t.walk.Port.Protocol == "UDP" {
		f.Object = snapshot.Ref{}
		f.Message = fmt.Sprintf("%s %s: no application listens at the target port %s, or the kube-proxy there does not know of the endpoints",
			t.who("refuses", "refuse"), t.port(), plain(t.walk.Port.Target))
		f.Fix = "check that the application listens on UDP " + plain(t.walk.Port.Target)
	}
	return f
}

func (t *teller) endpoints() string {
	n := t.walk.Port.ReadyEndpoints()
	return areOrIs(n) + " " + strconv.Itoa(n)
}
