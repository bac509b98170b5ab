package models

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// thriftyPercent has the collector run before half as much again lies about as lives, while large answers are under
// way: by its own measure, as much would, or four times that.
const thriftyPercent = 50

// thrift is the process's: the collector's measure while somebody needs much memory.
var thrift collector

type collector struct {
	mu      sync.Mutex
	users   int
	percent int // before
}

func (c *collector) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users++; c.users == 1 {
		c.percent = debug.SetGCPercent(thriftyPercent)
	}
}

// end collects what the last one leaves: its size is what the collector would go by next.
func (c *collector) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users--; c.users == 0 {
		debug.SetGCPercent(c.percent)
		runtime.GC()
	}
}
