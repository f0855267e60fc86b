package manifest

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// scheduler does what the scheduler and the kubelets would: it gives pods a
// node, an address and the state of a pod that runs and is ready.
type scheduler struct {
	nodes    []*corev1.Node
	families []corev1.IPFamily
	// turn counts the pods that were spread over the nodes.
	turn int
	free *offsets
	// ready tells which pods are; nil for all.
	ready func(*corev1.Pod) bool
}

func newScheduler(s *snapshot.Snapshot, families []corev1.IPFamily, ready func(*corev1.Pod) bool) *scheduler {
	free := newPodOffsets()
	for _, pod := range s.Pods {
		for _, podIP := range append(pod.Status.PodIPs, corev1.PodIP{IP: pod.Status.PodIP}) {
			free.take(podNetwork4, podIP.IP)
			free.take(podNetwork6, podIP.IP)
		}
	}
	return &scheduler{nodes: s.Nodes, families: families, free: free, ready: ready}
}

// run lets a pod run on the node that it names, or else on the next that takes
// it. With no nodes in the set it runs on none; where no node takes it, it is
// pending.
func (s *scheduler) run(pod *corev1.Pod) {
	if pod.Spec.NodeName != "" || len(s.nodes) == 0 {
		s.start(pod, s.node(pod.Spec.NodeName))
		return
	}
	for i := range s.nodes {
		node := s.nodes[(s.turn+i)%len(s.nodes)]
		if takes(node, pod) {
			s.turn += i + 1
			s.start(pod, node)
			return
		}
	}
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodPending,
		Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
			Message: "no node of the manifests takes this pod",
		}},
	}
}

// runOn lets a pod of a DaemonSet run on a node, unless the node refuses it.
// Such pods run on nodes that are cordoned or not ready, too.
// (k8s.io/kubernetes pkg/controller/daemon/util/daemonset_util.go, AddOrUpdateDaemonPodTolerations)
func (s *scheduler) runOn(pod *corev1.Pod, node *corev1.Node) bool {
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeUnschedulable} {
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists})
	}
	if !matches(node, pod) {
		return false
	}
	s.start(pod, node)
	return true
}

func (s *scheduler) node(name string) *corev1.Node {
	i := slices.IndexFunc(s.nodes, func(node *corev1.Node) bool { return node.Name == name })
	if i < 0 {
		return nil
	}
	return s.nodes[i]
}

// takes tells whether the scheduler would put a pod on a node.
func takes(node *corev1.Node, pod *corev1.Pod) bool {
	return !node.Spec.Unschedulable && isReady(node) && matches(node, pod)
}

// matches tells whether the pod wants the node and tolerates its taints.
func matches(node *corev1.Node, pod *corev1.Pod) bool {
	if !labels.SelectorFromSet(pod.Spec.NodeSelector).Matches(labels.Set(node.Labels)) {
		return false
	}
	return !slices.ContainsFunc(node.Spec.Taints, func(taint corev1.Taint) bool {
		return taint.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(pod, taint)
	})
}

func tolerates(pod *corev1.Pod, taint corev1.Taint) bool {
	return slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
		return (t.Effect == "" || t.Effect == taint.Effect) && (t.Key == "" || t.Key == taint.Key) &&
			(t.Operator == corev1.TolerationOpExists || t.Value == taint.Value && t.Key != "")
	})
}

// isReady tells a node that does not say it is not ready: one written by hand
// may have no conditions.
func isReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return true
}

// start gives a pod its node, which may be nil, and its status.
func (s *scheduler) start(pod *corev1.Pod, node *corev1.Node) {
	ready := corev1.ConditionTrue
	if s.ready != nil && !s.ready(pod) {
		ready = corev1.ConditionFalse
	}
	if node != nil {
		pod.Spec.NodeName = node.Name
		if !isReady(node) {
			ready = corev1.ConditionFalse
		}
	}
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning,
		Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
			{Type: corev1.PodInitialized, Status: corev1.ConditionTrue},
			{Type: corev1.ContainersReady, Status: ready},
			{Type: corev1.PodReady, Status: ready},
		},
	}
	ips := s.addresses(pod, node)
	for _, ip := range ips {
		pod.Status.PodIPs = append(pod.Status.PodIPs, corev1.PodIP{IP: ip.String()})
	}
	if len(ips) > 0 {
		pod.Status.PodIP = ips[0].String()
	}
	if node != nil {
		for _, ip := range nodeIPs(node) {
			pod.Status.HostIPs = append(pod.Status.HostIPs, corev1.HostIP{IP: ip.String()})
		}
	}
	if len(pod.Status.HostIPs) > 0 {
		pod.Status.HostIP = pod.Status.HostIPs[0].IP
	}
}

// addresses are the node's for a pod on the node's network, and else the next
// free ones: 10.2.K.N on the K-th node of the set.
func (s *scheduler) addresses(pod *corev1.Pod, node *corev1.Node) []netip.Addr {
	if pod.Spec.HostNetwork && node != nil {
		return nodeIPs(node)
	}
	offset, ok := s.free.next((slices.Index(s.nodes, node)+1)<<8 + firstPod)
	if !ok {
		return nil
	}
	var ips []netip.Addr
	for _, family := range s.families {
		ips = append(ips, addressIn(podNetwork(family), offset))
	}
	return ips
}
