package nodeport

import "hash/fnv"

// Free returns up to n ports of r that nobody in taken holds, as people should
// choose them: those of the static band first, lowest first, then those that
// automatic allocation draws from. It returns fewer when the range is full.
func Free(r Range, taken map[int32][]Holder, n int) []int32 {
	static, dynamic := r.OrDefault().Bands()
	var free []int32
	for _, band := range []Range{static, dynamic} {
		for offset := range band.ports() {
			if port := band.First + offset; len(free) < n && len(taken[port]) == 0 {
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
func Suggest(r Range, taken map[int32][]Holder, namespace, name string) (port int32, ok bool) {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(namespace + "/" + name)) // a hash never fails to write
	seed := hash.Sum32()
	static, dynamic := r.OrDefault().Bands()
	for _, band := range []Range{static, dynamic} {
		if port, ok := band.next(taken, seed); ok {
			return port, true
		}
	}
	return 0, false
}

// next returns the first free port at or after the one that seed points to,
// going round at the end of the range.
func (r Range) next(taken map[int32][]Holder, seed uint32) (port int32, ok bool) {
	size := r.ports()
	if size == 0 {
		return 0, false
	}
	start := int32(seed % uint32(size))
	for i := range size {
		port := r.First + (start+i)%size
		if len(taken[port]) == 0 {
			return port, true
		}
	}
	return 0, false
}

// ports is the number of ports in a band: none in the zero Range, which stands
// for a band that does not exist.
func (r Range) ports() int32 {
	if r.Last == 0 {
		return 0
	}
	return r.Size()
}
