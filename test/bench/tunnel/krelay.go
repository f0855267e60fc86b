//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// addKrelay measures krelay as well. Its server runs as a pod, whose image is
// made of the program and put on the node.
func (b *bench) addKrelay(ctx context.Context, programs string) error {
	const image = "nodeport.test/krelay-server:1"
	archive, err := rig.Image(image, filepath.Join(programs, "server"))
	if err != nil {
		return fmt.Errorf("krelay: %w", err)
	}
	path := filepath.Join(b.folder, "krelay.tar")
	if err := os.WriteFile(path, archive, 0o644); err != nil {
		return err
	}
	node, err := b.cluster.Host(b.cluster.Node(1).Name())
	if err != nil {
		return err
	}
	if out, err := node.Inside(ctx, "ctr", "images", "import", path).CombinedOutput(); err != nil {
		return fmt.Errorf("krelay's image is not taken: %w\n%s", err, out)
	}
	const pod = `{"spec": {"securityContext": {"runAsUser": 65532},
		"containers": [{"name": "krelay-server", "image": "` + image + `", "imagePullPolicy": "Never"}]}}`
	b.tools = append(b.tools, tool{
		"krelay",
		func(kubeconfig, service string) []string {
			return []string{filepath.Join(programs, "client"), "--patch=" + pod, "-v=3", "--kubeconfig=" + kubeconfig, "service/" + service, ":82"}
		},
		func(int) string { return "INFO Forwarding" },
	})
	return nil
}
