//go:build !unix

package process

import "errors"

func serve(Config) error { return errors.New("rigs do not run on this system") }
