package nodeport

import "hash/fnv"

// Free returns up to n ports of r that are not taken, as people should choose
// them: those of the static band first, lowest first, then those that
// automatic allocation draws from. It returns fewer when the range is full.
func Free(r Range, taken func(port int32) bool, n int) []int32 {
	static, dynamic := r.OrDefault().Bands()
	var free []int32
	for _, band := range []Range{static, dynamic} {
		for offset := range band.ports() {
			if len(free) >= n {
				return free
			}
			if port := band.First + offset; !taken(port) {
				free = append(free, port)
			}
		}
	}
	return free
}

// Suggest returns a free port for a service that follows from its name, so
// that the same manifest is given the same port each time as long as nobody
// else holds it. It comes from the static band, from the dynamic one only when
// that is full. ok is false when the whole range is taken.
func Suggest(r Range, taken func(port int32) bool, namespace, name string) (port int32, ok bool) {
	static, dynamic := r.OrDefault().Bands()
	return first(namespace+"/"+name, taken, static, dynamic)
}

// Draw returns a free port in place of the one that the API server would
// choose at random: from the dynamic band, from the static one only when that
// is full. Where it begins to look follows from key. ok is false when the
// whole range is taken.
// (k8s.io/kubernetes pkg/registry/core/service/allocator/bitmap.go, randomScanStrategyWithOffset)
func Draw(r Range, taken func(port int32) bool, key string) (port int32, ok bool) {
	static, dynamic := r.OrDefault().Bands()
	return first(key, taken, dynamic, static)
}

// first returns the first free port at or after the one that key's hash points
// to, going round at the end of a band, of the first band that has one.
func first(key string, taken func(port int32) bool, bands ...Range) (port int32, ok bool) {
	seed := hash(key)
	for _, band := range bands {
		size := band.ports()
		start := band.start(seed) - band.First
		for i := range size {
			if port := band.First + (start+i)%size; !taken(port) {
				return port, true
			}
		}
	}
	return 0, false
}

// hash spreads keys over a band.
func hash(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // a hash never fails to write
	return h.Sum32()
}

// start is the port of a band at which the search for a free one begins.
func (r Range) start(seed uint32) int32 {
	size := r.ports()
	if size == 0 {
		return r.First
	}
	return r.First + int32(seed%uint32(size))
}

// ports is the number of ports in a band: none in the zero Range, which stands
// for a band that does not exist.
func (r Range) ports() int32 {
	if r.Last == 0 {
		return 0
	}
	return r.Size()
}
