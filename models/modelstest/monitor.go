package modelstest

import "sync"

// Monitor counts the troubles that it is told of.
type Monitor struct {
	mu               sync.Mutex
	panics, unopened map[string]int
}

// Panicked counts a panic.
func (m *Monitor) Panicked(where string) { m.count(&m.panics, where) }

// Unreadable counts what could not be read.
func (m *Monitor) Unreadable(kind string) { m.count(&m.unopened, kind) }

// Panics is how often there was a panic in a place.
func (m *Monitor) Panics(where string) int { return m.counted(m.panics, where) }

// UnreadableOf is how often something of a kind could not be read.
func (m *Monitor) UnreadableOf(kind string) int { return m.counted(m.unopened, kind) }

func (m *Monitor) count(counts *map[string]int, label string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if *counts == nil {
		*counts = map[string]int{}
	}
	(*counts)[label]++
}

func (m *Monitor) counted(counts map[string]int, label string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return counts[label]
}
