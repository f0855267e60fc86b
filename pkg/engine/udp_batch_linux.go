package engine

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is how many datagrams one system call moves at most. More did not
// make the relay faster, and each has room for the largest.
const batchSize = 16

// controlSize is room for one IP_PKTINFO or IPV6_PKTINFO.
const controlSize = 64

// inbox is where recvmmsg puts a batch. Its memory is only taken as far as
// datagrams have filled it.
type inbox struct {
	datagrams [batchSize]datagram
	headers   [batchSize]unix.Mmsghdr
	parts     [batchSize]unix.Iovec
	controls  [batchSize][controlSize]byte
	names     [batchSize]unix.RawSockaddrInet6
	room      []byte
}

func newInbox() *inbox {
	in := &inbox{room: make([]byte, batchSize*maxDatagram)}
	for i := range in.headers {
		in.parts[i].Base = &in.room[i*maxDatagram]
		in.parts[i].SetLen(maxDatagram)
		in.headers[i].Hdr.Iov = &in.parts[i]
		in.headers[i].Hdr.SetIovlen(1)
		in.headers[i].Hdr.Name = (*byte)(unsafe.Pointer(&in.names[i]))
	}
	return in
}

// receive reads what is there, and does not wait. With asked it looks for the
// address that clients asked.
func (in *inbox) receive(fd int, asked bool) (int, error) {
	for i := range in.headers {
		h := &in.headers[i].Hdr
		h.Namelen = unix.SizeofSockaddrInet6
		h.Control = nil
		h.SetControllen(0)
		if asked {
			h.Control = &in.controls[i][0]
			h.SetControllen(controlSize)
		}
	}
	n, err := mmsg(unix.SYS_RECVMMSG, fd, in.headers[:])
	for i := range n {
		d := &in.datagrams[i]
		d.data = in.room[i*maxDatagram:][:in.headers[i].Len]
		d.flow = flow{client: address(&in.names[i])}
		if asked {
			d.flow.asked = askedOf(in.controls[i][:in.headers[i].Hdr.Controllen])
		}
	}
	return n, err
}

// outboxes are free ones.
//
//nolint:gochecknoglobals // a pool serves best when all sockets share it
var outboxes = sync.Pool{New: func() any { return new(outbox) }}

// outbox is what sendmmsg takes a batch from.
type outbox struct {
	headers [batchSize]unix.Mmsghdr
	parts   [batchSize]unix.Iovec
	control [controlSize]byte
	name    unix.RawSockaddrInet6
	// filled is how many datagrams are in it.
	filled int
}

// fill makes as much of a batch ready as fits, to the client of a flow unless
// to is nil.
func (out *outbox) fill(batch []datagram, to *flow) {
	var name, control *byte
	var nameLen uint32
	var controlLen int
	if to != nil {
		name = (*byte)(unsafe.Pointer(&out.name))
		nameLen = putAddress(&out.name, to.client)
		if controlLen = putAsked(out.control[:], to.asked); controlLen > 0 {
			control = &out.control[0]
		}
	}
	out.filled = min(len(batch), batchSize)
	for i := range out.filled {
		part, h := &out.parts[i], &out.headers[i].Hdr
		part.Base = unsafe.SliceData(batch[i].data)
		part.SetLen(len(batch[i].data))
		h.Name, h.Namelen = name, nameLen
		h.Iov = part
		h.SetIovlen(1)
		h.Control = control
		h.SetControllen(controlLen)
	}
}

// free gives an outbox back, and forgets the datagrams, which are another's.
func (out *outbox) free() {
	for i := range out.parts {
		out.parts[i].Base = nil
	}
	outboxes.Put(out)
}

func address(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), ntohs(v4.Port))
	}
	ip := netip.AddrFrom16(name.Addr).Unmap()
	if name.Scope_id != 0 {
		ip = ip.WithZone(strconv.Itoa(int(name.Scope_id)))
	}
	return netip.AddrPortFrom(ip, ntohs(name.Port))
}

func putAddress(name *unix.RawSockaddrInet6, to netip.AddrPort) uint32 {
	if to.Addr().Is4() {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		*v4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: ntohs(to.Port()), Addr: to.Addr().As4()}
		return unix.SizeofSockaddrInet4
	}
	scope, _ := strconv.Atoi(to.Addr().Zone())
	*name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: ntohs(to.Port()), Addr: to.Addr().As16(), Scope_id: uint32(scope)}
	return unix.SizeofSockaddrInet6
}

// askedOf reads the address that was asked from what the kernel tells of a
// datagram: struct in_pktinfo or in6_pktinfo.
func askedOf(control []byte) netip.Addr {
	for len(control) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		switch {
		case header.Level == unix.IPPROTO_IP && header.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			return netip.AddrFrom4([4]byte(data[8:12]))
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			return netip.AddrFrom16([16]byte(data[:16]))
		}
		control = rest
	}
	return netip.Addr{}
}

// putAsked has a reply go out from an address; it returns the length of the
// control message, 0 if the kernel is to choose.
func putAsked(control []byte, asked netip.Addr) int {
	if !asked.IsValid() {
		return 0
	}
	header := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	data := control[unix.CmsgLen(0):]
	clear(data)
	if asked.Is4() {
		header.Level, header.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		header.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		source := asked.As4()
		copy(data[4:], source[:]) // ipi_spec_dst
		return unix.CmsgSpace(unix.SizeofInet4Pktinfo)
	}
	header.Level, header.Type = unix.IPPROTO_IPV6, unix.IPV6_PKTINFO
	header.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
	source := asked.As16()
	copy(data, source[:])
	return unix.CmsgSpace(unix.SizeofInet6Pktinfo)
}

// ntohs turns a port from the network's byte order to the machine's, and back.
func ntohs(port uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return binary.BigEndian.Uint16(b[:])
}
