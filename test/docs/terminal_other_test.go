//go:build !linux

package docs

import (
	"errors"
	"os"
	"os/exec"
)

const columns = 80

func startOnTerminal(*exec.Cmd) (*os.File, error) {
	return nil, errors.New("the terminals of this test need Linux")
}
