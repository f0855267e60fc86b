//go:build !unix

package process

import "errors"

// Launch starts a rig's parent, which this system cannot.
func Launch(Config) (*Client, error) { return nil, errors.New("rigs do not run on this system") }
