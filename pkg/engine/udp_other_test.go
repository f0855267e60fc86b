//go:build !linux

package engine

const answersFromAnyAddress = false
