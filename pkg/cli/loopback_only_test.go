//go:build linux

package cli

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// TestNoCommandListensBeyondLoopback starts every command that serves, with all
// that it can open and manifests that ask for more, and looks at the sockets of
// its process.
func TestNoCommandListensBeyondLoopback(t *testing.T) {
	port := freeStatusPort(t)
	serving := map[string]func(t *testing.T) []string{
		"kubectl nodeport run": func(t *testing.T) []string { return []string{"run", "-f", greedyManifests(t)} },
		"kubectl nodeport forward": func(t *testing.T) []string {
			// The cluster of the test has the ports themselves.
			return []string{"forward", "--via=direct", "--port-offset=100", "--map=" + greedyPort + "=30999", "--kubeconfig", configOf(t, greedyManifests(t))}
		},
	}
	for _, command := range commandsWith("status") {
		args, known := serving[command]
		if !known {
			t.Errorf("%s has --status, but no case in this test", command)
			continue
		}
		t.Run(command, func(t *testing.T) {
			p := startProcess(t, sockets(t), append(args(t), "--status=127.0.0.1:"+strconv.Itoa(port))...)
			p.await(`web-0 `)
			open := listeningSockets(t, p.command.Process.Pid)
			if !slices.Contains(open, netip.MustParseAddrPort("127.0.0.1:"+strconv.Itoa(port))) {
				t.Errorf("the status server is not among the sockets %v", open)
			}
			for _, at := range open {
				if !at.Addr().IsLoopback() {
					t.Errorf("%s is open:\n%s", at, &p.out)
				}
			}
			p.interrupt()
			if code := p.code(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// greedyPort is the node port of the greedy service.
const greedyPort = "30080"

// greedyManifests are those of services whose cluster IPs would open ports to
// others: all addresses, and those that this machine has.
func greedyManifests(t *testing.T) string {
	t.Helper()
	ips := []string{"::"}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil && prefix.Addr().Is6() && prefix.Addr().IsGlobalUnicast() {
			ips = append(ips, prefix.Addr().String())
		}
	}
	var text strings.Builder
	fmt.Fprint(&text, "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: c, image: x}]}\n")
	first, err := strconv.Atoi(greedyPort)
	if err != nil {
		t.Fatal(err)
	}
	for i, ip := range ips {
		fmt.Fprintf(&text, `---
apiVersion: v1
kind: Service
metadata: {name: web-%d}
spec:
  type: NodePort
  clusterIP: %q
  ipFamilies: [IPv6]
  selector: {app: web}
  ports:
  - {name: t, port: %[3]d, nodePort: %[4]d, targetPort: 8080}
  - {name: u, port: %[3]d, nodePort: %[4]d, targetPort: 8080, protocol: UDP}
`, i, ip, 8099+i, first+i)
	}
	path := filepath.Join(t.TempDir(), "greedy.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// configOf is that of a cluster which manifests make.
func configOf(t *testing.T, path string) string {
	t.Helper()
	set, err := manifest.Read(t.Context(), manifest.Source{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := local.New(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	api, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = c.Serve(ctx, api)
	}()
	t.Cleanup(func() {
		stop()
		<-served
		_ = c.Shutdown(ctx)
	})
	c.Load(set)
	config := filepath.Join(t.TempDir(), "config")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'http://%s'}}]\n"+
		"contexts: [{name: c, context: {cluster: c}}]\ncurrent-context: c\n", api.Addr())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

func freeStatusPort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// commandsWith are the paths of the commands that have a flag.
func commandsWith(flag string) []string {
	var paths []string
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Flags().Lookup(flag) != nil {
			paths = append(paths, cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			visit(child)
		}
	}
	visit(newRootCmd(newFactory(genericiooptions.NewTestIOStreamsDiscard())))
	return paths
}

// listeningSockets are the TCP and UDP sockets of a process that take what
// others send (proc(5), /proc/net/tcp).
func listeningSockets(t *testing.T, pid int) []netip.AddrPort {
	t.Helper()
	mine := map[string]bool{}
	descriptors, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(descriptors) == 0 {
		t.Fatalf("no descriptors of process %d: %v", pid, err)
	}
	for _, descriptor := range descriptors {
		if target, err := os.Readlink(descriptor); err == nil {
			mine[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	var found []netip.AddrPort
	for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6"} {
		file, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, protocol))
		if err != nil {
			continue
		}
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			const local, state, inode = 1, 3, 9
			fields := strings.Fields(lines.Text())
			if len(fields) > inode && mine[fields[inode]] && (fields[state] == "0A" || fields[state] == "07") {
				found = append(found, kernelAddress(t, fields[local]))
			}
		}
	}
	return found
}

// kernelAddress reads an address of /proc/net/tcp: words of four bytes, the
// last of each first.
func kernelAddress(t *testing.T, text string) netip.AddrPort {
	t.Helper()
	words, number, _ := strings.Cut(text, ":")
	ip, err := hex.DecodeString(words)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+4 <= len(ip); i += 4 {
		slices.Reverse(ip[i : i+4])
	}
	port, err := strconv.ParseUint(number, 16, 16)
	address, ok := netip.AddrFromSlice(ip)
	if err != nil || !ok {
		t.Fatalf("%q is no address", text)
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(port))
}
