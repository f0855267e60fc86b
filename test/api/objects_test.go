package api

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// deployment is a manifest of app web with two named ports.
const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        ports: [{containerPort: 300, name: http}, {containerPort: 301, name: admin}]
`

// manifest is a service of app web with its ports in YAML's flow style.
func manifest(name, ports string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %s}
spec:
  type: NodePort
  selector: {app: web}
  ports: %s
`, name, ports)
}

// node makes a node object that stands for the test only.
func node(t *testing.T, c *rig.Cluster, name, ip string) {
	t.Helper()
	node, err := c.Core().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deleteNode(t, c, name) })
	node.Status = corev1.NodeStatus{
		Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip}},
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
	}
	if _, err := c.Core().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func deleteNode(t *testing.T, c *rig.Cluster, name string) {
	if err := c.Core().Nodes().Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil && t.Context().Err() == nil {
		t.Error(err)
	}
}

// pod makes a pod of app web on a node; no kubelet runs it, so that the test
// decides whether it is ready.
func pod(t *testing.T, c *rig.Cluster, namespace, name, node, ip string, ready bool) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "web"}},
		Spec: corev1.PodSpec{
			NodeName: node,
			Containers: []corev1.Container{{
				Name: "web", Image: "web",
				Ports: []corev1.ContainerPort{{ContainerPort: 300, Name: "http"}, {ContainerPort: 301, Name: "admin"}},
			}},
		},
	}
	if _, err := c.Core().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	setReady(t, c, namespace, name, ip, ready)
}

func setReady(t *testing.T, c *rig.Cluster, namespace, name, ip string, ready bool) {
	t.Helper()
	pod, err := c.Core().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: status}},
	}
	if _, err := c.Core().Pods(namespace).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// service reads a service; nil when there is none.
func service(t *testing.T, c *rig.Cluster, namespace, name string) *corev1.Service {
	t.Helper()
	list, err := c.Core().Services(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) == 0 {
		return nil
	}
	return &list.Items[0]
}
