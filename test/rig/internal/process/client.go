package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/rpc"
	"path/filepath"
	"time"
)

// Ending says how to end a rig.
type Ending struct {
	// KeepLogs leaves the programs' logs in the rig's directory.
	KeepLogs bool
}

// Client controls a rig's parent.
type Client struct {
	// Identity is the parent process, as this process's PID namespace numbers it.
	Identity
	rpc  *rpc.Client
	wait func(time.Duration) error
}

// Attach connects to the running parent of the rig in dir.
func Attach(dir string, id Identity) (*Client, error) {
	conn, err := rpc.Dial("unix", filepath.Join(dir, SocketName))
	if err != nil {
		return nil, fmt.Errorf("no running rig in %s: %w", dir, err)
	}
	return &Client{Identity: id, rpc: conn, wait: id.waitGone}, nil
}

// Start runs a program in the background.
func (c *Client) Start(s Spec) error { return c.call("Start", s, &struct{}{}) }

// Stop ends a program and waits for its end.
func (c *Client) Stop(s Stop) error { return c.call("Stop", s, &struct{}{}) }

// Wait waits until the named program ends and says how it did.
func (c *Client) Wait(name string) (Status, error) {
	var s Status
	err := c.call("Wait", name, &s)
	return s, err
}

// Statuses lists the programs that were started.
func (c *Client) Statuses() ([]Status, error) {
	var all []Status
	err := c.call("Statuses", struct{}{}, &all)
	return all, err
}

// KillCgroup kills every process in a cgroup and below.
func (c *Client) KillCgroup(name string) error { return c.call("KillCgroup", name, &struct{}{}) }

// OpenLink emulates a link until CloseLink.
func (c *Client) OpenLink(s LinkSpec) error { return c.call("OpenLink", s, &struct{}{}) }

// CloseLink ends an emulated link; its interfaces are gone.
func (c *Client) CloseLink(name string) error { return c.call("CloseLink", name, &struct{}{}) }

// Run runs a program to its end; that it exits with another code than 0 is not
// an error of Run.
func (c *Client) Run(s Spec) (Result, error) {
	var r Result
	err := c.call("Run", s, &r)
	return r, err
}

// Must is Run where any exit code but 0 is an error.
func (c *Client) Must(s Spec) error {
	r, err := c.Run(s)
	if err != nil {
		return err
	}
	return r.Err(s)
}

// End ends the rig and waits until nothing of it is left.
func (c *Client) End(e Ending) error {
	err := c.call("End", e, &struct{}{})
	if errors.Is(err, rpc.ErrShutdown) {
		err = nil // it is ending already
	}
	return errors.Join(err, c.wait(endTimeout), c.rpc.Close())
}

func (c *Client) call(method string, args, reply any) error {
	return c.rpc.Call("Rig."+method, args, reply)
}

func (c Config) encode() (string, error) {
	text, err := json.Marshal(c)
	return envParent + "=" + string(text), err
}
