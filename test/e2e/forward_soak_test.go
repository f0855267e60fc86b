package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// Hundreds of connections are held while pods come and go. What that costs must
// not grow with the time it goes on, neither here nor in the cluster.
func TestForwardCostsNoMoreTheLongerItRuns(t *testing.T) {
	long, connections := 20*time.Second, 200
	if given := os.Getenv("NODEPORT_TEST_SOAK"); given != "" {
		d, err := time.ParseDuration(given)
		if err != nil {
			t.Fatal(err)
		}
		long, connections = d, 1000
	}
	c := rig.Start(t, rig.Nodes(3))
	c.NeedFaults(t)
	s, port := deployed(t, c, 4)
	s.forward("→ 4 pods", "web")
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	watched := map[string][]string{
		"forward":        {"kubectl-nodeport forward web", "--namespace=" + s.namespace},
		"the API server": {"/kube-apiserver ", c.ID()},
		"the kubelets":   {"/kubelet ", c.ID()},
	}
	held := &held{t: t, address: fmt.Sprintf("127.0.0.1:%d", port), dial: c.Client().DialContext}
	held.keep(ctx, connections)
	early := map[string]int64{}
	for begin := time.Now(); ctx.Err() == nil; {
		s.replaceAPod(ctx)
		if len(early) == 0 && time.Since(begin) > long/3 {
			early = residents(t, watched)
		}
	}
	late := residents(t, watched)
	held.group.Wait()
	t.Logf("%d connections, %d requests, %d broke off while a pod went", connections, held.requests.Load(), held.broken.Load())
	for what := range watched {
		if early[what] == 0 {
			t.Errorf("the memory of %s was not read", what)
		}
		t.Logf("%s: %d MiB after a third of the time, %d MiB at the end", what, early[what]>>20, late[what]>>20)
		if limit := early[what]*3/2 + 64<<20; late[what] > limit {
			t.Errorf("%s holds %d MiB at the end, and more than %d means that it grows", what, late[what]>>20, limit>>20)
		}
	}
	if held.requests.Load() == 0 {
		t.Error("no request was answered")
	}
}

// held are connections that are kept open, with a request now and then. One
// that breaks off because its pod is gone is made anew.
type held struct {
	t                *testing.T
	address          string
	dial             func(ctx context.Context, network, address string) (net.Conn, error)
	group            sync.WaitGroup
	requests, broken atomic.Int64
}

func (h *held) keep(ctx context.Context, n int) {
	for range n {
		h.group.Go(func() {
			for ctx.Err() == nil {
				if err := h.one(ctx); err != nil && ctx.Err() == nil {
					h.broken.Add(1)
					h.t.Logf("broke off: %v", err)
				}
			}
		})
	}
}

// one asks once a second or so on one connection until that breaks off.
func (h *held) one(ctx context.Context) error {
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: h.dial, MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for {
		resp, err := client.Get("http://" + h.address + "/")
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		h.requests.Add(1)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rand.N(2 * time.Second)):
		}
	}
}

// replaceAPod deletes a pod and waits until another has taken its place.
func (s shell) replaceAPod(ctx context.Context) {
	s.t.Helper()
	pods, err := s.cluster.Core().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil || len(pods.Items) == 0 {
		return // the time is over
	}
	name := pods.Items[rand.IntN(len(pods.Items))].Name
	_ = s.cluster.Core().Pods(s.namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if ctx.Err() == nil {
		s.cluster.WaitEndpoints(s.t, s.namespace, "web", 4)
	}
}

// residents is the memory of processes by their names: of those whose command
// lines contain all of some texts.
func residents(t *testing.T, watched map[string][]string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		command := string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		for what, texts := range watched {
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(command, text) }) {
				found[what] += resident(filepath.Dir(path))
			}
		}
	}
	return found
}

func resident(process string) int64 {
	statm, err := os.ReadFile(filepath.Join(process, "statm"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
