package manifest

import (
	"fmt"
	"os"
	"strings"
)

// Stamp changes whenever the files of the source do: their names, sizes or
// times. It reads none of them, and knows nothing of streams and URLs.
func (s Source) Stamp() string {
	var b strings.Builder
	for _, path := range s.Paths {
		inputs, problem := s.inputs(path)
		if problem != nil {
			fmt.Fprintln(&b, problem)
		}
		for _, input := range inputs {
			if info, err := os.Stat(input.name); err == nil && !info.IsDir() {
				fmt.Fprintln(&b, input.name, info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return b.String()
}
