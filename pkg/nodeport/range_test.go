package nodeport

import (
	"fmt"
	"testing"
)

func TestBands(t *testing.T) {
	for _, test := range []struct {
		name            string
		in              string
		static, dynamic string
	}{
		{"the default range leaves 86 ports to people", "30000-32767", "30000-30085", "30086-32767"},
		{"a large range leaves no more than 128", "20000-32767", "20000-20127", "20128-32767"},
		{"a small range leaves no less than 16", "32567-32767", "32567-32582", "32583-32767"},
		{"17 ports are one for automatic allocation", "30000-30016", "30000-30015", "30016-30016"},
		{"16 ports are all for automatic allocation", "30000-30015", "0-0", "30000-30015"},
		{"a single port too", "30000-30000", "0-0", "30000-30000"},
		{"every port there is", "1-65535", "1-128", "129-65535"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := parse(t, test.in)
			static, dynamic := r.Bands()
			if static.String() != test.static || dynamic.String() != test.dynamic {
				t.Errorf("Bands of %s = %s and %s, want %s and %s", r, static, dynamic, test.static, test.dynamic)
			}
		})
	}
}

func TestParseRange(t *testing.T) {
	for _, test := range []struct {
		name, in, want string
	}{
		{"as the flag takes it", "30000-32767", "30000-32767"},
		{"with space around", " 30000-32767\n", "30000-32767"},
		{"one port", "80-80", "80-80"},
		{"a port alone", "30000", "30000-30000"},
		{"a port and how many follow", "20000+2767", "20000-22767"},
		{"a variable", "$(RANGE)", `node port range "$(RANGE)" is not FIRST-LAST, FIRST+MORE or one port, from 1 to 65535`},
		{"upside down", "32767-30000", `node port range "32767-30000" is not FIRST-LAST, FIRST+MORE or one port, from 1 to 65535`},
		{"port 0", "0-100", `node port range "0-100" is not FIRST-LAST, FIRST+MORE or one port, from 1 to 65535`},
		{"beyond the last port", "30000-65536", `node port range "30000-65536" is not FIRST-LAST, FIRST+MORE or one port, from 1 to 65535`},
		{"a name", "http-https", `node port range "http-https" is not FIRST-LAST, FIRST+MORE or one port, from 1 to 65535`},
		{"nothing", "", `node port range "" is not FIRST-LAST, FIRST+MORE or one port, from 1 to 65535`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := ParseRange(test.in)
			got := r.String()
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("ParseRange(%q) = %s, want %s", test.in, got, test.want)
			}
		})
	}
}

func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"30000-32767", "1-65535", "2-1", "-", "", " 7-8 ", "+1-2", "1--2", "1-2-3", "1+2", "65535+9223372036854775807"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		r, err := ParseRange(in)
		if err != nil {
			if r != (Range{}) {
				t.Errorf("ParseRange(%q) = %s beside the error %v", in, r, err)
			}
			return
		}
		if r.First < 1 || r.Last > 65535 || r.Size() < 1 {
			t.Errorf("ParseRange(%q) = %s, which is no range of ports", in, r)
		}
		if again, err := ParseRange(r.String()); err != nil || again != r {
			t.Errorf("ParseRange(%q) = %s, which reads as %s, %v", in, r, again, err)
		}
		checkBands(t, r)
	})
}

// checkBands holds the bands to what the allocator relies on: together they
// are the range, without gap or overlap.
func checkBands(t *testing.T, r Range) {
	t.Helper()
	static, dynamic := r.Bands()
	if dynamic.Last != r.Last || static.ports()+dynamic.ports() != r.Size() {
		t.Errorf("bands of %s are %s and %s", r, static, dynamic)
	}
	if static.ports() > 0 && (static.First != r.First || static.Last+1 != dynamic.First) {
		t.Errorf("bands of %s do not meet: %s and %s", r, static, dynamic)
	}
}

func TestOrDefault(t *testing.T) {
	if got := (Range{}).OrDefault(); got != Default() || got.Learned {
		t.Errorf("the unknown range is %v, want the default, not learned", got)
	}
	own := Range{First: 100, Last: 200, Learned: true}
	if got := own.OrDefault(); got != own {
		t.Errorf("a known range became %v", got)
	}
}

func TestContains(t *testing.T) {
	r := Default()
	for port, want := range map[int32]bool{29999: false, 30000: true, 32767: true, 32768: false, 0: false, -1: false} {
		t.Run(fmt.Sprint(port), func(t *testing.T) {
			if got := r.Contains(port); got != want {
				t.Errorf("%s contains %d: %t, want %t", r, port, got, want)
			}
		})
	}
}

func parse(t *testing.T, s string) Range {
	t.Helper()
	r, err := ParseRange(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
