package check

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// podNames are the pods of the cause as a sentence has them.
func (t *teller) podNames() string {
	var names []string
	for _, hop := range t.pods {
		names = append(names, hop.Pod)
	}
	if len(names) == 1 {
		return "pod " + plain(names[0])
	}
	return "pods " + listText(plainAll(names))
}

func (t *teller) podVerb(one, several string) string {
	if len(t.pods) == 1 {
		return one
	}
	return several
}

// aboutPod makes the first pod of a cause the object of its finding.
func (t *teller) aboutPod(f Finding) Finding {
	f.Object = snapshot.Ref{Kind: "Pod", Namespace: t.ref.Namespace, Name: t.pods[0].Pod}
	return f
}

func (t *teller) targetText() string { return strconv.Itoa(int(t.pods[0].Address.Port())) }

func (t *teller) loopbackOnly() Finding {
	return t.aboutPod(Finding{
		Message: fmt.Sprintf("the application in %s listens on 127.0.0.1:%s only: %s connections at %s and %s them inside the pod",
			t.podNames(), t.targetText(), t.podVerb("it refuses", "they refuse"), t.pods[0].Address, t.podVerb("takes", "take")),
		Fix: "have it listen on 0.0.0.0 or ::, by its option or variable for the address to bind to (such as --host, --bind or HOST)",
	})
}

func (t *teller) notListening() Finding {
	f := t.aboutPod(Finding{
		Message: fmt.Sprintf("nothing listens on port %s in %s", t.targetText(), t.podNames()),
		Fix: fmt.Sprintf("set targetPort to the port that the application listens on, or have it listen on %s; its log may tell: kubectl logs %s -n %s",
			t.targetText(), plain(t.pods[0].Pod), plain(t.ref.Namespace)),
	})
	if t.pods[0].Loopback.Outcome == probe.Untried {
		f.Message = fmt.Sprintf("%s %s connections at port %s: nothing listens there, or on loopback only", t.podNames(), t.podVerb("refuses", "refuse"), t.targetText())
	}
	if other := t.pods[0].Elsewhere; other != 0 && t.portIndex() >= 0 {
		f.Object = snapshot.Ref{}
		f.Message += fmt.Sprintf(", but port %d answers", other)
		if !t.targeted(int32(other)) {
			f.Fix = t.patchPort(t.portIndex(), "targetPort", int(other))
		}
	}
	return f
}

// targeted tells whether a port of the service leads to a target port by number.
func (t *teller) targeted(number int32) bool {
	return slices.ContainsFunc(t.service.Spec.Ports, func(p corev1.ServicePort) bool { return p.TargetPort.IntVal == number })
}

func (t *teller) podSilent() Finding {
	f := t.aboutPod(Finding{
		Message: fmt.Sprintf("%s %s not answer at %s, not even inside the cluster", t.podNames(), t.podVerb("does", "do"), t.pods[0].Address),
		Fix:     "see which network policies select the pods: kubectl get networkpolicy -n " + plain(t.ref.Namespace),
	})
	if t.pods[0].Loopback.Outcome == probe.Connected {
		f.Message += ", though the application listens: a network policy or the pod network keeps it apart"
	}
	if policies := t.policyNames(t.pods[0].Pod); len(policies) > 0 {
		f.Message += fmt.Sprintf(" (NetworkPolicy %s selects it)", listText(plainAll(policies)))
		f.Fix = fmt.Sprintf("allow port %s in the policy: kubectl describe networkpolicy %s -n %s", t.targetText(), plain(policies[0]), plain(t.ref.Namespace))
	}
	return f
}

// policyNames are the network policies that select a pod.
func (t *teller) policyNames(pod string) []string {
	var names []string
	for i := range t.backends {
		if backend := &t.backends[i]; backend.ref.Kind == "Pod" && backend.ref.Name == pod {
			for _, policy := range t.policiesOn(backend) {
				names = append(names, policy.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func (t *teller) closed() Finding {
	return Finding{
		Message: fmt.Sprintf("%s connections at %s and %s them at once", t.who("takes", "take"), t.port(), t.number("closes", "close")),
		Fix:     "see the log of the application, and of a proxy beside it such as a service mesh's",
	}
}

func (t *teller) otherProtocol() Finding {
	said, speaks := "HTTP", "TLS"
	if t.walk.Port.Scheme == "https" {
		said, speaks = "HTTPS", "plain HTTP"
	}
	f := Finding{
		Message: fmt.Sprintf("port %d looks like %s but speaks %s", t.walk.Port.NodePort, said, speaks),
		Fix:     "use https://",
	}
	if t.walk.Port.Scheme == "https" {
		f.Fix = "use http://"
	}
	f.Fix += fmt.Sprintf("%s:%d, and say so by the name or appProtocol of the port", t.nodes[0].Address.Host, t.walk.Port.NodePort)
	return f
}

func (t *teller) serverError() Finding {
	return Finding{
		Message: fmt.Sprintf("the application answers with HTTP %d", t.nodes[0].Here.Answer.Status),
		Fix:     "see its log, and those of the containers beside it",
	}
}

func (t *teller) partitioned() Finding {
	return Finding{
		Message: fmt.Sprintf("%s not pass connections on to pods of other nodes: the nodes that run pods of the service answer, and no other", t.who("does", "do")),
		Fix:     "see that the nodes let through to each other what the pod network is carried by, such as UDP 8472 or 4789",
	}
}

func (t *teller) podGone() Finding {
	return t.about(Finding{
		Message: fmt.Sprintf("%s %s to a pod that %s not reach (ICMP: host unreachable)", t.who("forwards", "forward"), t.port(), t.number("it does", "they do")),
		Fix:     "see that kube-proxy runs on the node, and that the endpoints are current: kubectl get endpointslices -n " + plain(t.ref.Namespace) + " -l kubernetes.io/service-name=" + plain(t.ref.Name),
	})
}
