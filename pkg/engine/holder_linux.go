package engine

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// holder tells which program listens where a socket was to be opened; pid 0
// when it cannot be seen, because it is another user's.
func holder(at socket) (process string, pid int) {
	inodes := listening(at)
	if len(inodes) == 0 {
		return "", 0
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range files {
		target, err := os.Readlink(file)
		if err != nil || !inodes[target] {
			continue
		}
		folder := filepath.Dir(filepath.Dir(file))
		pid, _ := strconv.Atoi(filepath.Base(folder))
		return processName(folder), pid
	}
	return "", 0
}

// processName is that of the process of a folder of /proc. The kernel keeps 15
// bytes of it; the rest is that of the program, where it begins alike.
func processName(folder string) string {
	text, _ := os.ReadFile(filepath.Join(folder, "comm"))
	name := strings.TrimSpace(string(text))
	program, _ := os.Readlink(filepath.Join(folder, "exe"))
	if program = filepath.Base(strings.TrimSuffix(program, " (deleted)")); len(name) == 15 && strings.HasPrefix(program, name) {
		return program
	}
	return name
}

// listening returns the sockets, as /proc/PID/fd names them, that are bound to
// a port at an address or at all addresses.
func listening(at socket) map[string]bool {
	inodes := map[string]bool{}
	for _, version := range []string{"", "6"} {
		file, err := os.Open("/proc/net/" + strings.ToLower(at.protocol) + version)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 9 && holds(fields, at) {
				inodes["socket:["+fields[9]+"]"] = true
			}
		}
		file.Close()
	}
	return inodes
}

// holds reads a line of /proc/net/tcp: field 1 is the local address, field 3
// the state, with 0A for a listener and 07 for a UDP socket.
func holds(fields []string, at socket) bool {
	address, port, _ := strings.Cut(fields[1], ":")
	if port != fmt.Sprintf("%04X", at.address.Port()) || fields[3] != "0A" && fields[3] != "07" {
		return false
	}
	ip, ok := parseKernelIP(address)
	return ok && (ip.IsUnspecified() || ip == at.address.Addr().Unmap())
}

// parseKernelIP reads an address that is written as 32-bit words in the
// machine's order, which is little-endian wherever this runs.
func parseKernelIP(hex string) (netip.Addr, bool) {
	var ip []byte
	for ; len(hex) >= 8; hex = hex[8:] {
		word, err := strconv.ParseUint(hex[:8], 16, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = append(ip, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
	}
	addr, ok := netip.AddrFromSlice(ip)
	return addr.Unmap(), ok
}
