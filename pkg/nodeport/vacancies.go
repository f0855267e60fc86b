package nodeport

import (
	"iter"
	"slices"
)

// Vacancies are the free ports of a range, searched for once, so that many
// ports can be suggested without another search.
type Vacancies struct {
	r               Range
	static, dynamic []int32
}

// NewVacancies returns the ports of r, the default range when r is zero, that
// are not taken. It calls taken once for each port of the range.
func NewVacancies(r Range, taken func(port int32) bool) *Vacancies {
	v := &Vacancies{r: r.OrDefault()}
	static, dynamic := v.r.Bands()
	v.static, v.dynamic = vacant(static, taken), vacant(dynamic, taken)
	return v
}

func vacant(band Range, taken func(port int32) bool) []int32 {
	var free []int32
	for offset := range band.ports() {
		if port := band.First + offset; !taken(port) {
			free = append(free, port)
		}
	}
	return free
}

// InStatic reports whether the static band has a free port.
func (v *Vacancies) InStatic() bool { return len(v.static) > 0 }

// Suggest yields every free port once, in the order in which a service of this
// name should take them: the first is that of [Suggest].
func (v *Vacancies) Suggest(namespace, name string) iter.Seq[int32] {
	static, dynamic := v.r.Bands()
	seed := hash(namespace + "/" + name)
	return func(yield func(int32) bool) {
		_ = cycle(v.static, static.start(seed), yield) && cycle(v.dynamic, dynamic.start(seed), yield)
	}
}

// cycle yields the ports, which are sorted, from start on and then those before
// it. It reports whether yield wants more.
func cycle(ports []int32, start int32, yield func(int32) bool) bool {
	at, _ := slices.BinarySearch(ports, start)
	for _, part := range [][]int32{ports[at:], ports[:at]} {
		for _, port := range part {
			if !yield(port) {
				return false
			}
		}
	}
	return true
}
