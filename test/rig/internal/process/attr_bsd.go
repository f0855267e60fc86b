//go:build unix && !linux

package process

import "syscall"

func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func parentAttr(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
