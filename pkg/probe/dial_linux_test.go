package probe

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// Linux sends ICMP errors on the loopback interface, so the test needs neither
// privileges nor a network.
func TestICMPErrorIsReadFromTheSocket(t *testing.T) {
	got := probeOne(t, closedPort(t, "udp"))
	want := ICMP{3, 3, netip.MustParseAddr("127.0.0.1")}
	if got.Outcome != Unreachable || got.ICMP != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSocketsAreClosed(t *testing.T) {
	before := openFiles(t)
	for range 5 {
		probeOne(t, closedPort(t, "udp"))
		probeOne(t, closedPort(t, "tcp"))
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, want %d as before", after, before)
	}
}

// openFiles returns the number of open file descriptors below 256.
func openFiles(t *testing.T) int {
	t.Helper()
	n := 0
	for fd := range 256 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

func TestParseExtendedError(t *testing.T) {
	v4 := []byte{111, 0, 0, 0, unix.SO_EE_ORIGIN_ICMP, 3, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, unix.AF_INET, 0, 0, 0, 10, 1, 11, 6, 0, 0, 0, 0, 0, 0, 0, 0}
	v6 := append([]byte{111, 0, 0, 0, unix.SO_EE_ORIGIN_ICMP6, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, unix.AF_INET6, 0, 0, 0, 0, 0, 0, 0},
		append(netip.MustParseAddr("fd00::6").AsSlice(), 0, 0, 0, 0)...)
	for name, test := range map[string]struct {
		level, kind int32
		data        []byte
		want        ICMP
		ok          bool
	}{
		"IPv4":               {unix.IPPROTO_IP, unix.IP_RECVERR, v4, ICMP{3, 13, netip.MustParseAddr("10.1.11.6")}, true},
		"IPv6":               {unix.IPPROTO_IPV6, unix.IPV6_RECVERR, v6, ICMP{1, 4, netip.MustParseAddr("fd00::6")}, true},
		"no offender":        {unix.IPPROTO_IP, unix.IP_RECVERR, v4[:16], ICMP{Type: 3, Code: 13}, true},
		"another message":    {unix.IPPROTO_IP, unix.IP_TTL, v4, ICMP{}, false},
		"too short":          {unix.IPPROTO_IP, unix.IP_RECVERR, v4[:15], ICMP{}, false},
		"not from a network": {unix.IPPROTO_IP, unix.IP_RECVERR, append([]byte{111, 0, 0, 0, unix.SO_EE_ORIGIN_LOCAL}, v4[5:]...), ICMP{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			message := unix.SocketControlMessage{Header: syscallHeader(test.level, test.kind), Data: test.data}
			if got, ok := parseExtendedError(message); got != test.want || ok != test.ok {
				t.Errorf("got %+v, %t, want %+v", got, ok, test.want)
			}
		})
	}
}

func syscallHeader(level, kind int32) unix.Cmsghdr { return unix.Cmsghdr{Level: level, Type: kind} }

func FuzzParseExtendedError(f *testing.F) {
	f.Add(int32(unix.IPPROTO_IP), int32(unix.IP_RECVERR), []byte{0, 0, 0, 0, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0})
	f.Fuzz(func(_ *testing.T, level, kind int32, data []byte) {
		parseExtendedError(unix.SocketControlMessage{Header: syscallHeader(level, kind), Data: data})
	})
}
