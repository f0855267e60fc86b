package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// MapOptions say how a map of ports is drawn.
type MapOptions struct {
	Glyphs Glyphs
	Color  bool
	// Width is how many columns the terminal has.
	Width int
}

// PortMap draws the range, band by band, with a sign for each port or for as
// many of them as it takes to fit on a screen.
func PortMap(w io.Writer, p *Ports, o MapOptions) error {
	m := &portMap{MapOptions: o, ports: p}
	used := p.Used(p.Range)
	m.lines(fmt.Sprintf("node ports %s: %d used, %d free", p.Range, used, int(p.Range.Size())-used))
	static, dynamic := p.Range.Bands()
	if static.Last != 0 {
		m.band("static", "for ports that people choose", static)
	}
	m.band("dynamic", "for automatic allocation", dynamic)
	m.legend()
	_, err := io.WriteString(w, m.text.String())
	return err
}

// portMap collects the lines of a map.
type portMap struct {
	MapOptions
	ports *Ports
	text  strings.Builder
	// collides and coarse tell which signs need to be explained.
	collides, coarse bool
}

// lines writes text, wrapped.
func (m *portMap) lines(text string) {
	for _, line := range wrap(text, m.Width) {
		m.text.WriteString(line + "\n")
	}
}

// cells is how many signs a line has: tens, in a number that people can count.
func (m *portMap) cells() int32 {
	const margin = len("  30000  ")
	for _, groups := range []int{10, 5, 2} {
		if margin+groups*11-1 <= m.Width {
			return int32(groups * 10)
		}
	}
	return 10
}

// scale is how many ports a sign stands for, so that a band has few lines.
func scale(size, cells int32) int32 {
	const most = 8 // lines
	for unit := int32(1); ; unit *= 10 {
		for _, n := range []int32{1, 2, 5} {
			if size <= n*unit*cells*most {
				return n * unit
			}
		}
	}
}

func (m *portMap) band(name, purpose string, band nodeport.Range) {
	states := m.ports.states(band)
	cells := m.cells()
	each := scale(band.Size(), cells)
	head := fmt.Sprintf("%s band %s, %s: %d used, %d free", name, band, purpose, len(states), int(band.Size())-len(states))
	if each > 1 {
		head += fmt.Sprintf("; one sign is %d ports", each)
		m.coarse = true
	}
	m.text.WriteByte('\n')
	m.lines(head)
	for first := band.First; first <= band.Last; first += each * cells {
		fmt.Fprintf(&m.text, "  %5d  ", first)
		for i := range cells {
			from := first + i*each
			if from > band.Last {
				break
			}
			if i > 0 && i%10 == 0 {
				m.text.WriteByte(' ')
			}
			m.text.WriteString(m.cell(states, from, min(from+each-1, band.Last)))
		}
		m.text.WriteByte('\n')
	}
}

// cell is the sign of some ports.
func (m *portMap) cell(states map[int32]bool, from, to int32) string {
	used := int32(0)
	for port := from; port <= to; port++ {
		collides, taken := states[port]
		if collides {
			m.collides = true
			return m.colored(red, m.Glyphs.Collision)
		}
		if taken {
			used++
		}
	}
	switch used {
	case 0:
		return m.Glyphs.Free
	case to - from + 1:
		return m.colored(cyan, m.Glyphs.Used)
	}
	return m.colored(cyan, m.Glyphs.Some)
}

func (m *portMap) legend() {
	items := []string{m.Glyphs.Free + " free"}
	if m.coarse {
		items = append(items, m.Glyphs.Some+" some used")
	}
	items = append(items, m.Glyphs.Used+" used")
	if m.collides {
		items = append(items, m.Glyphs.Collision+" collision")
	}
	m.text.WriteByte('\n')
	for _, line := range wrapItems(items, m.Width) {
		m.text.WriteString(line + "\n")
	}
}

func (m *portMap) colored(color, sign string) string {
	if !m.Color {
		return sign
	}
	return color + sign + plainText
}
