//go:build !linux

package parity

import "testing"

func TestTheEngineDoesAsKubeProxyDoes(t *testing.T) {
	t.Skip("skipped: kube-proxy's rules need Linux; use it")
}
