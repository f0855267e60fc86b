//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// startPod starts a pod that answers HTTP at port 300.
func startPod(ctx context.Context, c *rig.Cluster) (tunnel.Pod, error) {
	pods := c.Core().Pods("default")
	pod, err := pods.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "web", Image: rig.SrvImage(), ImagePullPolicy: corev1.PullNever, Args: []string{"-http", ":300"},
		}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return tunnel.Pod{}, err
	}
	w, err := pods.Watch(ctx, metav1.SingleObject(pod.ObjectMeta))
	if err != nil {
		return tunnel.Pod{}, err
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		if p, ok := event.Object.(*corev1.Pod); ok && event.Type == watch.Modified && p.Status.Phase == corev1.PodRunning {
			return tunnel.Pod{Namespace: p.Namespace, Name: p.Name, UID: p.UID}, nil
		}
	}
	return tunnel.Pod{}, fmt.Errorf("the pod does not run: %w", context.Cause(ctx))
}

// relay leads a listener to the pod through tunnels. server is where the API
// server is dialled; "" is its own address.
func relay(ctx context.Context, c *rig.Cluster, pod tunnel.Pod, server string) (address string, stop func(), err error) {
	config := c.RESTConfig()
	if server != "" {
		config.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return c.Client().DialContext(ctx, network, server)
		}
	}
	d, err := tunnel.New(config, tunnel.Options{})
	if err != nil {
		return "", nil, err
	}
	l, err := c.Client().Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go join(ctx, in, d, pod)
		}
	}()
	return l.Addr().String(), func() { _, _ = l.Close(), d.Close() }, nil
}

func join(ctx context.Context, in net.Conn, d *tunnel.Dialer, pod tunnel.Pod) {
	defer in.Close()
	out, err := d.DialPod(ctx, pod, 300)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tunnel:", err)
		return
	}
	defer out.Close()
	go func() {
		_, _ = io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, make([]byte, 64<<10))
		_ = out.CloseWrite()
	}()
	_, _ = io.CopyBuffer(struct{ io.Writer }{in}, out, make([]byte, 64<<10))
}

// portForward starts kubectl port-forward to the pod.
func portForward(ctx context.Context, c *rig.Cluster, server string) (address string, end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	args := []string{"port-forward", "pod/web", ":300"}
	if server != "" {
		at, err := url.Parse(c.RESTConfig().Host)
		if err != nil {
			cancel()
			return "", nil, err
		}
		args = append(args, "--server=https://"+server, "--tls-server-name="+at.Hostname())
	}
	cmd := c.Client().Command(ctx, "kubectl", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return "", nil, err
	}
	end = func() {
		cancel()
		_ = cmd.Wait()
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() { // Forwarding from 127.0.0.1:41235 -> 300
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && strings.HasPrefix(fields[2], "127.0.0.1:") {
			go func() {
				for lines.Scan() {
				}
			}()
			return fields[2], end, nil
		}
	}
	end()
	return "", nil, fmt.Errorf("port-forward did not start: %w", lines.Err())
}
