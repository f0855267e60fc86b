package nodeport

import (
	"fmt"
	"slices"
	"testing"
)

// held is a range of which some ports are taken.
func held(ports ...int32) func(int32) bool {
	return func(port int32) bool { return slices.Contains(ports, port) }
}

// all are the ports of a band.
func all(r Range) []int32 {
	var ports []int32
	for port := r.First; port <= r.Last; port++ {
		ports = append(ports, port)
	}
	return ports
}

func TestFree(t *testing.T) {
	static, dynamic := Default().Bands()
	small := Range{First: 30000, Last: 30003}
	for _, test := range []struct {
		name  string
		in    Range
		taken func(int32) bool
		n     int
		want  []int32
	}{
		{"the lowest of the static band come first", Default(), held(), 3, []int32{30000, 30001, 30002}},
		{"an unknown range is taken for the default", Range{}, held(), 1, []int32{30000}},
		{"those that are taken are left out", Default(), held(30000, 30002), 2, []int32{30001, 30003}},
		{"the dynamic band follows the static", Default(), held(all(static)[1:]...), 2, []int32{30000, 30086}},
		{"a small range has only the dynamic band", small, held(30001), 9, []int32{30000, 30002, 30003}},
		{"a full range has none", small, held(all(small)...), 1, nil},
		{"none are wanted", Default(), held(), 0, nil},
		{"the last of the range", Default(), held(slices.Concat(all(static), all(dynamic)[1:])...), 5, []int32{30086}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Free(test.in, test.taken, test.n); !slices.Equal(got, test.want) {
				t.Errorf("Free = %v, want %v", got, test.want)
			}
		})
	}
}

func TestSuggest(t *testing.T) {
	static, dynamic := Default().Bands()

	t.Run("the same name is given the same port", func(t *testing.T) {
		first, _ := Suggest(Default(), held(), "shop", "web")
		again, _ := Suggest(Default(), held(first-1), "shop", "web")
		if first != again || !static.Contains(first) {
			t.Errorf("Suggest = %d, then %d, want the same of %s", first, again, static)
		}
	})
	t.Run("names are spread over the static band", func(t *testing.T) {
		seen := map[int32]bool{}
		for i := range 86 {
			port, _ := Suggest(Default(), held(), "shop", fmt.Sprint("web-", i))
			seen[port] = true
		}
		if len(seen) < 40 {
			t.Errorf("86 names share %d ports", len(seen))
		}
	})
	t.Run("one service after the other gets every port once", func(t *testing.T) {
		r := Range{First: 30000, Last: 30099}
		taken := map[int32]bool{}
		isTaken := func(port int32) bool { return taken[port] }
		for i := range 100 {
			port, ok := Suggest(r, isTaken, "shop", fmt.Sprint("web-", i))
			if !ok || !r.Contains(port) || taken[port] {
				t.Fatalf("service %d is given %d, %t", i, port, ok)
			}
			taken[port] = true
		}
		if port, ok := Suggest(r, isTaken, "shop", "late"); ok {
			t.Errorf("a full range has %d left", port)
		}
	})
	t.Run("the dynamic band serves when the static is full", func(t *testing.T) {
		port, ok := Suggest(Range{}, held(all(static)...), "shop", "web")
		if !ok || !dynamic.Contains(port) {
			t.Errorf("Suggest = %d, %t, want one of %s", port, ok, dynamic)
		}
	})
}

func TestDraw(t *testing.T) {
	static, dynamic := Default().Bands()
	for _, test := range []struct {
		name  string
		taken func(int32) bool
		from  Range
	}{
		{"automatic allocation draws from the dynamic band", held(), dynamic},
		{"and from the static one when that is full", held(all(dynamic)...), static},
	} {
		t.Run(test.name, func(t *testing.T) {
			if port, ok := Draw(Range{}, test.taken, "shop/web"); !ok || !test.from.Contains(port) {
				t.Errorf("Draw = %d, %t, want one of %s", port, ok, test.from)
			}
		})
	}
	if port, ok := Draw(Range{First: 30000, Last: 30001}, held(30000, 30001), "shop/web"); ok {
		t.Errorf("a full range has %d left", port)
	}
}
