package process

import (
	"bytes"
	"fmt"
	"os"
)

// startTime reads field 22 of /proc/PID/stat. The second field, the program's
// name in brackets, may hold anything, so fields are counted after it.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("cannot read /proc/%d/stat", pid)
	}
	if state := fields[0][0]; state == 'Z' || state == 'X' {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return string(fields[19]), nil
}

// self is the running binary, even after its file was removed, as go run does.
func self() string { return "/proc/self/exe" }
