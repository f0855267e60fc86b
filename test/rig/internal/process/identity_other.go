//go:build !unix

package process

import "errors"

func startTime(int) (string, error) { return "", errors.New("rigs do not run on this system") }
