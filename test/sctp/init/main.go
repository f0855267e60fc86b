//go:build linux

// Command init is the first process of a User Mode Linux whose root is the
// machine's: it loads SCTP, runs the program of its arguments, and halts.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init: not the first process of a system")
		os.Exit(1)
	}
	fmt.Println("init: started")
	if err := run(os.Args[1:]); err != nil {
		fmt.Println("init:", err)
	}
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func run(args []string) error {
	err := errors.Join(
		unix.Mount("proc", "/proc", "proc", 0, ""),
		loadModule("kernel/net/sctp/sctp.ko"),
		// The alternative needs a hash function that is another module.
		os.WriteFile("/proc/sys/net/sctp/cookie_hmac_alg", []byte("none"), 0),
		exec.Command("ip", "link", "set", "lo", "up").Run())
	if err != nil {
		return err
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	return cmd.Run()
}

// loadModule loads a module of the running kernel, and first what it needs,
// which modules.dep lists in the opposite order.
func loadModule(name string) error {
	var kernel unix.Utsname
	if err := unix.Uname(&kernel); err != nil {
		return err
	}
	dir := "/usr/lib/uml/modules/" + unix.ByteSliceToString(kernel.Release[:]) + "/"
	list, err := os.ReadFile(dir + "modules.dep")
	if err != nil {
		return err
	}
	_, needs, found := strings.Cut("\n"+string(list), "\n"+name+":")
	if !found {
		return fmt.Errorf("the kernel has no %s", name)
	}
	needs, _, _ = strings.Cut(needs, "\n")
	modules := append([]string{name}, strings.Fields(needs)...)
	for _, module := range slices.Backward(modules) {
		image, err := os.ReadFile(dir + module)
		if err != nil {
			return err
		}
		if err := unix.InitModule(image, ""); err != nil {
			return fmt.Errorf("load %s: %w", module, err)
		}
	}
	return nil
}
