//go:build unix && !linux

package process

import (
	"errors"
	"os"
)

func isolate(Config) error { return errors.New("only Linux has the namespaces that this needs") }

func unmountData(Config) {}

func removeAll(dir string) error { return os.RemoveAll(dir) }
