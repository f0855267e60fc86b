package rig

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
)

// SrvImage is the image of the test workload: see test/rig/kubernetes/images/srv.
// Its pods need imagePullPolicy: Never.
func SrvImage() string {
	if name := os.Getenv(EnvImage); name != "" {
		return name
	}
	return assets.ImageName("srv")
}

// Images returns the archives of the rig's images, for loading them into an
// existing cluster.
func Images(ctx context.Context) ([]string, error) {
	cache, err := assets.UserCache()
	if err != nil {
		return nil, err
	}
	return cache.Images(ctx)
}

// Image returns an archive of an image, by its full name, whose entry point is a
// program of this machine: static, and built for Linux.
func Image(name, program string) ([]byte, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	return assets.ImageArchive(name, "/"+filepath.Base(program), binary)
}

// Namespace makes a namespace for the test, deleted when the test ends. Its
// services, and so their node ports, are gone by then; the rest goes in its own time.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	ns, err := c.Core().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := c.deleteNamespace(ctx, ns.Name); err != nil {
			t.Errorf("delete namespace %s: %v", ns.Name, err)
		}
	})
	return ns.Name
}

func (c *Cluster) deleteNamespace(ctx context.Context, name string) error {
	now := metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
	services, err := c.Core().Services(name).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, s := range services.Items {
		if err := c.Core().Services(name).Delete(ctx, s.Name, now); err != nil {
			return err
		}
	}
	return c.Core().Namespaces().Delete(ctx, name, now)
}

// Apply applies manifests in a namespace through kubectl.
func (c *Cluster) Apply(t testing.TB, namespace, manifests string) {
	t.Helper()
	cmd := c.Client().Command(t.Context(), "kubectl", "apply", "--server-side", "--namespace="+namespace, "--filename=-")
	cmd.Stdin = strings.NewReader(manifests)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
}

// Pod makes a pod of the test workload with the label app=NAME and waits until
// it is ready. The arguments are those of srv, such as "-http", ":300,:301". On
// node "" the scheduler picks one.
func (c *Cluster) Pod(t testing.TB, namespace, name, node string, args ...string) *corev1.Pod {
	t.Helper()
	c.NeedImages(t)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			NodeName:                      node,
			TerminationGracePeriodSeconds: new(int64),
			Containers: []corev1.Container{{
				Name: "srv", Image: SrvImage(), ImagePullPolicy: corev1.PullNever, Args: args,
			}},
		},
	}
	if _, err := c.Core().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return &c.WaitPodsReady(t, namespace, "app="+name, 1)[0]
}
