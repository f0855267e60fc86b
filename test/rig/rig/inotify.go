package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// inotifyInstances is how many a kernel allows one user. Its default, 128, is
// less than the kubelets, runtimes and proxies of a dozen nodes take; they then
// die of "too many open files".
const (
	inotifyInstances     = "/proc/sys/fs/inotify/max_user_instances"
	wantInotifyInstances = 1024
)

// raiseInotify raises the limit until the next boot, where there is one.
func raiseInotify() error {
	text, err := os.ReadFile(inotifyInstances)
	if err != nil {
		return nil // not Linux
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n >= wantInotifyInstances {
		return err
	}
	if err := os.WriteFile(inotifyInstances, []byte(strconv.Itoa(wantInotifyInstances)), 0o644); err != nil {
		return fmt.Errorf("raise the limit of inotify instances, which is %d: %w", n, err)
	}
	return nil
}
