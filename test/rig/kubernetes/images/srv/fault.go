package main

import "net"

// fault is what a TCP listener does to the connections that it accepts.
type fault string

const (
	noFault    fault = "none"
	resetFault fault = "reset"
	closeFault fault = "close"
	hangFault  fault = "hang"
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *fault) UnmarshalText(text []byte) error {
	switch v := fault(text); v {
	case noFault, resetFault, closeFault, hangFault:
		*f = v
		return nil
	}
	return errBadFault
}

// MarshalText implements encoding.TextMarshaler.
func (f fault) MarshalText() ([]byte, error) { return []byte(f), nil }

// faulty is a listener that keeps connections with a fault to itself.
type faulty struct {
	net.Listener
	fault fault
	held  []net.Conn
}

// Accept returns the next connection without a fault: none, unless the fault is noFault.
func (l *faulty) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.fault == noFault {
			return conn, err
		}
		switch l.fault {
		case resetFault:
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // a close without lingering resets
			}
			_ = conn.Close()
		case closeFault:
			_ = conn.Close()
		case hangFault:
			l.held = append(l.held, conn) // nor may it be collected, and so closed
		}
	}
}
