package rig

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestRequirementsNameTheRemedy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := requirements(newOptions(clusterLevel, nil))
	want := EnvKubeconfig
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		want = "go run ./test/rig install"
	}
	var u *unavailable
	if !errors.As(err, &u) || !strings.Contains(u.remedy, want) {
		t.Errorf("on a bare machine: %v; want %q", err, want)
	}
	if err := requirements(newOptions(apiLevel, nil)); err != nil && runtime.GOOS != "windows" {
		t.Errorf("the API level: %v", err)
	}
}

func TestRequiredLevelsFailWhereTheyWouldBeSkipped(t *testing.T) {
	t.Setenv(EnvRequire, "api, cluster")
	if !required(apiLevel) || !required(clusterLevel) {
		t.Error("not required")
	}
	t.Setenv(EnvRequire, "API")
	if required(clusterLevel) {
		t.Error("the cluster level is required")
	}
}
