//go:build !linux

package link

import (
	"errors"
	"os"
)

// OpenTAP makes a TAP interface, which only Linux has.
func OpenTAP(string) (*os.File, error) { return nil, errors.New("only Linux has TAP interfaces") }
