//go:build !linux

package tunnel

func quietly(dial dialFunc) dialFunc { return dial }
