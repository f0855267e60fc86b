package cluster

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// scene is where a scenario is played: the cluster, and which system serves its
// node ports.
type scene struct {
	*testing.T
	cluster   *rig.Cluster
	system    system
	namespace string
}

// either returns what is met of kube-proxy, or of the engine where that differs.
func (s *scene) either(kubeProxys, engines string) string {
	if s.system == engine {
		return engines
	}
	return kubeProxys
}

func (s *scene) node(k int) *rig.Node { return s.cluster.Node(k) }

// pod is one of the test workload, which answers HTTP at 300, and TCP and UDP at 7.
type pod struct {
	name string
	node int
	// app is what services select.
	app string
	// probed says that the pod is ready only while /ready says so, and unready
	// that it does not say so at first.
	probed, unready bool
	// lameDuck says that the pod serves on for minutes when it is to end.
	lameDuck bool
	// deaf says that nothing answers at 7.
	deaf bool
}

func (p pod) object(on *rig.Node) *corev1.Pod {
	made := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: p.name, Labels: map[string]string{"app": p.app, "pod": p.name}},
		Spec: corev1.PodSpec{
			NodeName:                      on.Name(),
			TerminationGracePeriodSeconds: new(int64),
			Containers: []corev1.Container{{
				Name: "srv", Image: rig.SrvImage(), ImagePullPolicy: corev1.PullNever, Args: []string{"-http=:300", "-tcp=:7", "-udp=:7"},
			}},
		},
	}
	c := &made.Spec.Containers[0]
	if p.probed || p.unready {
		c.ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, FailureThreshold: 1, ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(300)},
		}}
	}
	if p.unready {
		c.Args = append(c.Args, "-unready-after=1ns")
	}
	if p.deaf {
		c.Args = []string{"-http=:300"}
	}
	if p.lameDuck {
		c.Args = append(c.Args, "-lame-duck=5m")
		made.Spec.TerminationGracePeriodSeconds = new(int64(300))
	}
	return made
}

// pods makes pods and waits until they are ready, or run if they are not to be ready.
func (s *scene) pods(wanted ...pod) {
	s.Helper()
	s.cluster.NeedImages(s)
	for _, p := range wanted {
		if _, err := s.cluster.Core().Pods(s.namespace).Create(s.Context(), p.object(s.node(p.node)), metav1.CreateOptions{}); err != nil {
			s.Fatal(err)
		}
	}
	for _, p := range wanted {
		if !p.unready {
			s.cluster.WaitPodsReady(s, s.namespace, "pod="+p.name, 1)
			continue
		}
		rig.Eventually(s, limit, func() error {
			if phase := s.pod(p.name).Status.Phase; phase != corev1.PodRunning {
				return fmt.Errorf("pod %s is %s", p.name, phase)
			}
			return nil
		})
	}
}

func (s *scene) pod(name string) *corev1.Pod {
	s.Helper()
	p, err := s.cluster.Core().Pods(s.namespace).Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// tell has a pod say from now on that it is ready, or unready.
func (s *scene) tell(name, state string) {
	s.Helper()
	p := s.pod(name)
	at := slices.IndexFunc(s.cluster.Nodes(), func(n *rig.Node) bool { return n.Name() == p.Spec.NodeName })
	url := fmt.Sprintf("http://%s:300/%s", p.Status.PodIP, state)
	rig.Eventually(s, 20*time.Second, func() error { // a pod that is not ready may not listen yet
		resp, err := s.cluster.Nodes()[at].HTTPClient().Post(url, "", http.NoBody)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
}

// end has a pod end: in its own time, or at once.
func (s *scene) end(name string, now bool) {
	s.Helper()
	var how metav1.DeleteOptions
	if now {
		how.GracePeriodSeconds = new(int64)
	}
	if err := s.cluster.Core().Pods(s.namespace).Delete(s.Context(), name, how); err != nil {
		s.Fatal(err)
	}
}

// service is one on node ports.
type service struct {
	*corev1.Service
	scene *scene
}

// service makes a service that leads to port 7 of the pods with a label, over
// TCP and UDP. What is given changes it before it is made.
func (s *scene) service(label string, changes ...func(*corev1.ServiceSpec)) *service {
	s.Helper()
	key, value, _ := strings.Cut(label, "=")
	wanted := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "service-"},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Selector: map[string]string{key: value},
			Ports: []corev1.ServicePort{
				{Name: "tcp", Protocol: corev1.ProtocolTCP, Port: 82, TargetPort: intstr.FromInt32(7)},
				{Name: "udp", Protocol: corev1.ProtocolUDP, Port: 82, TargetPort: intstr.FromInt32(7)},
			},
		},
	}
	for _, change := range changes {
		change(&wanted.Spec)
	}
	made, err := s.cluster.Core().Services(s.namespace).Create(s.Context(), wanted, metav1.CreateOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return &service{made, s}
}

// local is a service that leads to the pods of each node only.
func local(spec *corev1.ServiceSpec) {
	spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
}

// to has the service lead to another port of the pods.
func to(target int32) func(*corev1.ServiceSpec) {
	return func(spec *corev1.ServiceSpec) {
		for i := range spec.Ports {
			spec.Ports[i].TargetPort = intstr.FromInt32(target)
		}
	}
}

// change changes a service's spec, given as JSON that is merged into it, and
// returns its doors since then.
func (v *service) change(spec string) doors {
	v.scene.Helper()
	changed, err := v.scene.cluster.Core().Services(v.scene.namespace).Patch(v.scene.Context(), v.Name,
		types.MergePatchType, []byte(`{"spec":`+spec+`}`), metav1.PatchOptions{})
	if err != nil {
		v.scene.Fatal(err)
	}
	v.Service = changed
	return v.doors()
}

// doors are the service's node ports on every node.
func (v *service) doors() doors {
	var all doors
	for _, n := range v.scene.cluster.Nodes() {
		for _, p := range v.Spec.Ports {
			if p.NodePort != 0 {
				all = append(all, door{strings.ToLower(string(p.Protocol)), n, p.NodePort})
			}
		}
	}
	return all
}
