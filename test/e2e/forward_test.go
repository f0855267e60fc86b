package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// deployed is a Deployment of the test workload and its service, on a node port
// that the API server chose.
func deployed(t *testing.T, c *rig.Cluster, replicas int) (s shell, nodePort int) {
	t.Helper()
	s = newShell(t, c)
	return s, s.deploy("web", replicas)
}

func (s shell) deploy(name string, replicas int) (nodePort int) {
	s.t.Helper()
	s.cluster.Apply(s.t, s.namespace, fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: web
        image: %[3]s
        imagePullPolicy: Never
        args: [-http, ":300", -lame-duck, 3s]
        readinessProbe: {httpGet: {path: /ready, port: 300}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec:
  type: NodePort
  selector: {app: %[1]s}
  ports: [{name: http, port: 82, targetPort: 300}]
`, name, replicas, rig.SrvImage()))
	s.cluster.WaitEndpoints(s.t, s.namespace, name, replicas)
	service, err := s.cluster.Core().Services(s.namespace).Get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return int(service.Spec.Ports[0].NodePort)
}

// forward runs kubectl nodeport forward on the client until the test ends, and
// waits until it says want.
func (s shell) forward(want string, args ...string) (output *transcript, stop func() result) {
	s.t.Helper()
	output, stop = s.start(append([]string{"nodeport", "forward"}, args...)...)
	stop = sync.OnceValue(stop)
	s.t.Cleanup(func() {
		if r := stop(); s.t.Failed() {
			s.t.Logf("forward printed:\n%s%s", r.out, r.err)
		}
	})
	s.says(output, want)
	return output, stop
}

// says waits until a command that runs has printed something.
func (s shell) says(output *transcript, want string) {
	s.t.Helper()
	rig.Eventually(s.t, 20*time.Second, func() error {
		if !strings.Contains(output.String(), want) {
			return fmt.Errorf("%q is not in:\n%s", want, output)
		}
		return nil
	})
}

func TestForwardOpensTheNodePortHereAndLeadsToEveryPod(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 3)
	_, stop := s.forward(fmt.Sprintf("web  http://127.0.0.1:%d → 3 pods", port), "web")
	seen := map[string]bool{}
	for range 60 {
		body, err := s.get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		if err != nil {
			t.Fatal(err)
		}
		seen[strings.Fields(body)[1]] = true
	}
	if len(seen) != 3 {
		t.Errorf("60 requests came to %d of 3 pods", len(seen))
	}
	if r := stop(); r.code != 0 || r.err != "" {
		t.Errorf("Ctrl-C ends it with exit code %d and %q", r.code, r.err)
	}
	if _, err := s.get(fmt.Sprintf("http://127.0.0.1:%d/", port)); err == nil {
		t.Error("the port is open still")
	}
}

func TestForwardFollowsServices(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	output, stop := s.start("nodeport", "forward")
	defer stop()
	port := s.deploy("late", 1)
	s.says(output, fmt.Sprintf("late  http://127.0.0.1:%d → 1 pod", port))
	s.answers(fmt.Sprintf("http://127.0.0.1:%d/", port), "pod late-")
	s.ok(s.kubectl("scale", "deployment/late", "--replicas=0"))
	s.says(output, "no endpoints")
	s.ok(s.kubectl("delete", "service/late"))
	s.says(output, "late  closed")
	if r := stop(); !strings.Contains(r.err, "waiting for one") {
		t.Errorf("that there is no service at first is not told: %q", r.err)
	}
}

func TestForwardNamesTheServiceThatItWaitsFor(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.deploy("other", 1)
	output, stop := s.start("nodeport", "forward", "late", "other")
	defer stop()
	s.says(output, "other  http://127.0.0.1:")
	port := s.deploy("late", 1)
	s.says(output, fmt.Sprintf("late  http://127.0.0.1:%d → 1 pod", port))
	if r := stop(); !strings.Contains(r.err, `service "late" not found in namespace `) || strings.Contains(r.err, `"other"`) {
		t.Errorf("that late is waited for, and other not, is not told: %q", r.err)
	}
}

func TestForwardHasTheNodesViewOfTheTrafficPolicy(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.cluster.Pod(t, s.namespace, "web", s.cluster.Node(1).Name(), "-http", ":300")
	port := s.service(walkedService)
	s.ok(s.kubectl("patch", "service/web", "-p", `{"spec":{"externalTrafficPolicy":"Local"}}`))
	output, _ := s.forward(fmt.Sprintf("http://127.0.0.1:%d → 1 pod", port), "web", "--nodes")
	s.answers(fmt.Sprintf("http://127.0.0.1:%d/", port), "pod web ")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	conn, err := s.cluster.Client().DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.2:%d", port))
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) && !timeout(err) {
		t.Errorf("the node without a pod answers %v, and should not at all\n%s", err, output)
	}
}

func timeout(err error) bool {
	var of net.Error
	return errors.As(err, &of) && of.Timeout()
}

// A rolling restart replaces every pod. Whoever asks in the meantime must not
// find out. kubectl port-forward, which leads to one pod, is asked beside.
func TestNoRequestFailsWhileAllPodsAreReplaced(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 3)
	s.forward("→ 3 pods", "web")
	requests, failed := s.whileAllPodsAreReplaced(port)
	if len(failed) > 0 {
		t.Errorf("such as: %v", failed[0])
	}
	t.Logf("forward: %d of %d requests failed", len(failed), requests)

	const other = 10082
	output, stop := s.start("port-forward", "service/web", fmt.Sprintf("%d:82", other))
	defer stop()
	s.says(output, "Forwarding from")
	requests, failed = s.whileAllPodsAreReplaced(other)
	t.Logf("kubectl port-forward: %d of %d requests failed", len(failed), requests)
}

// whileAllPodsAreReplaced asks a port of the client for short answers, and
// for some that are long, until all pods are others.
func (s shell) whileAllPodsAreReplaced(port int) (requests int, failed []error) {
	s.t.Helper()
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	client, patient := s.cluster.Client().HTTPClient(), s.cluster.Client().HTTPClient()
	patient.Timeout = 0
	short := s.load(100, func(context.Context) error { return fetch(client, base+"/") })
	long := s.load(4, func(ctx context.Context) error { return sip(ctx, patient, base+"/bytes/1073741824") })
	s.replaceAllPods()
	requests, failed = short()
	long() // which end with their pods
	return requests, failed
}

// replaceAllPods restarts the deployment and waits until the pods are gone that
// it had.
func (s shell) replaceAllPods() {
	s.t.Helper()
	old := strings.Fields(s.ok(s.kubectl("get", "pods", "-l", "app=web", "-o", "name")))
	s.ok(s.kubectl("rollout", "restart", "deployment/web"))
	s.ok(s.kubectl("rollout", "status", "deployment/web", "--timeout=60s"))
	s.ok(s.kubectl(append([]string{"wait", "--for=delete", "--timeout=60s"}, old...)...))
}

// load asks for something, many at a time and each on a connection of its own,
// until it is stopped.
func (s shell) load(workers int, ask func(context.Context) error) (stop func() (requests int, failed []error)) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var requests atomic.Int64
	var mu sync.Mutex
	var failed []error
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := ask(ctx); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
					select { // nobody asks again at once
					case <-ctx.Done():
					case <-time.After(100 * time.Millisecond):
					}
				}
				requests.Add(1)
			}
		})
	}
	return func() (int, []error) {
		cancel()
		group.Wait()
		return int(requests.Load()), failed
	}
}

// fetch is a request that was begun, and so is not broken off.
func fetch(client *http.Client, url string) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// sip reads a long answer a little at a time, until it ends or ctx does.
func sip(ctx context.Context, client *http.Client, url string) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if _, err := io.CopyN(io.Discard, resp.Body, 256<<10); err != nil {
			return err
		}
	}
}

func TestForwardOutlivesTheAPIServer(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	c.NeedFaults(t)
	s, port := deployed(t, c, 2)
	_, stop := s.forward("→ 2 pods", "web")
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	s.answers(url, "pod web-")
	start := c.StopAPIServer(t)
	start()
	s.answers(url, "pod web-")
	s.ok(s.kubectl("scale", "deployment/web", "--replicas=1"))
	if r := stop(); r.code != 0 {
		t.Errorf("exit code %d", r.code)
	}
}

func TestAConnectionThatIsRefusedHurtsNoOther(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	s.cluster.Apply(t, s.namespace, `
apiVersion: v1
kind: Service
metadata: {name: closed}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 83, targetPort: 999}]
`)
	s.cluster.WaitEndpoints(t, s.namespace, "closed", 1)
	closed, err := s.cluster.Core().Services(s.namespace).Get(t.Context(), "closed", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	output, _ := s.forward("web  http", "--via=tunnel")
	s.says(output, "closed  127")
	stream := s.stream(port)
	for range 20 {
		if err := fetch(s.cluster.Client().HTTPClient(), fmt.Sprintf("http://127.0.0.1:%d/", closed.Spec.Ports[0].NodePort)); err == nil {
			t.Fatal("a port where nothing listens answers")
		}
	}
	if _, err := io.ReadFull(stream, make([]byte, 1<<20)); err != nil {
		t.Errorf("a download that was under way: %v", err)
	}
	s.answers(fmt.Sprintf("http://127.0.0.1:%d/", port), "pod web-")
}

func TestWhatAPodRefusesAnotherAnswers(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	s.cluster.Apply(t, s.namespace, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: deaf, labels: {app: web}}
spec:
  containers:
  - {name: web, image: %s, imagePullPolicy: Never, args: [-http, ":999"]}
`, rig.SrvImage()))
	s.cluster.WaitEndpoints(t, s.namespace, "web", 2)
	_, stop := s.forward("→ 2 pods", "web", "--via=tunnel")
	client := s.cluster.Client().HTTPClient()
	for range 40 {
		if err := fetch(client, fmt.Sprintf("http://127.0.0.1:%d/", port)); err != nil {
			t.Fatal(err)
		}
	}
	if r := stop(); !strings.Contains(r.err, "/deaf:300: connection refused") {
		t.Errorf("the pod that refuses was not told of: %s", r.err)
	}
}

// The protocol of port forwarding has no flow control: on a tunnel that many
// share, one that does not read stops all.
func TestAClientThatNeverReadsHoldsUpNoOther(t *testing.T) {
	s, port := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	s.forward("→ 1 pod", "web", "--via=tunnel")
	for range 5 {
		s.stream(port) // of which nothing more is read
	}
	for range 20 {
		if err := fetch(s.cluster.Client().HTTPClient(), fmt.Sprintf("http://127.0.0.1:%d/", port)); err != nil {
			t.Fatal(err)
		}
	}
}

// stream begins a download of a gigabyte, of which the headers were read.
func (s shell) stream(port int) io.Reader {
	s.t.Helper()
	client := s.cluster.Client().HTTPClient()
	client.Timeout = 0
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/bytes/1073741824", port))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	return resp.Body
}

func TestForwardAsksForTheNameThatWasMeant(t *testing.T) {
	s, _ := deployed(t, rig.Start(t, rig.Nodes(3)), 1)
	running := s.begin("nodeport", "forward", "wbe")
	s.says(&running.err, `waiting for it; did you mean "web"?`)
	_ = running.cmd.Process.Signal(os.Interrupt)
	running.wait()
}
