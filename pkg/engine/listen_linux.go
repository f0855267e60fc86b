package engine

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// listenConfig sets on the listener what Linux has its connections inherit,
// which then costs them no system calls.
func listenConfig() net.ListenConfig {
	return net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) error {
		return control(c, func(fd int) error {
			if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
				return os.NewSyscallError("setsockopt", err)
			}
			return setKeepAlive(fd)
		})
	}}
}

// setKeepAlive has the other side probed when it is silent.
func setKeepAlive(fd int) error {
	for _, o := range []struct{ level, option, value int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepAliveIdle / time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(keepAliveInterval / time.Second)},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, keepAliveCount},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.option, o.value); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return nil
}

// withoutSYN is a filter of packets that drops those that ask for a new
// connection. It sees a packet from its TCP header on, whose byte 13 has the
// flags.
func withoutSYN() []unix.SockFilter {
	const flags, syn, ack = 13, 0x02, 0x10
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: syn | ack},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: syn, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff},
	}
}

// setDeaf makes a listener drop what asks for new connections, so that clients
// time out, or hear it again. Those go on that it has begun.
func setDeaf(listener int, deaf bool) error {
	if !deaf {
		err := unix.SetsockoptInt(listener, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
		return os.NewSyscallError("setsockopt", err)
	}
	filter := withoutSYN()
	program := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return os.NewSyscallError("setsockopt", unix.SetsockoptSockFprog(listener, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program))
}

// duplicate returns a descriptor of a socket that package net knows nothing
// of, and waits for nothing on, and closes that of package net.
func duplicate(socket interface {
	syscall.Conn
	io.Closer
}) (int, error) {
	defer socket.Close()
	c, err := socket.SyscallConn()
	if err != nil {
		return -1, err
	}
	own := -1
	err = control(c, func(fd int) error {
		var err error
		own, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		return os.NewSyscallError("fcntl", err)
	})
	return own, err
}

// connOf gives the socket of a client to package net; one that it cannot take
// is reset.
func connOf(fd int) (net.Conn, error) {
	file := os.NewFile(uintptr(fd), "")
	defer file.Close()
	conn, err := net.FileConn(file)
	if err != nil {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		return nil, err
	}
	_ = conn.(*net.TCPConn).SetKeepAliveConfig(keepAliveConfig()) // package net has set its own
	return conn, nil
}

func control(c syscall.RawConn, do func(fd int) error) error {
	var err error
	if failed := c.Control(func(fd uintptr) { err = do(int(fd)) }); failed != nil {
		return failed
	}
	return err
}
