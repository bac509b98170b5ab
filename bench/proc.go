package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc: 100 a second on every Linux.
const clockTick = 10 * time.Millisecond

// Fields of /proc/<pid>/stat, counted from behind the command's name (which may hold blanks).
const (
	statParent   = 1
	statUser     = 11 // this process, in user mode
	statSystem   = 12 // this process, in the kernel
	statChildren = 13 // its ended children, in user mode
	statFields   = 15
)

func readStat(pid int) ([]string, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < statFields {
		return nil, errors.New("/proc: a stat file of another kind")
	}
	return fields, nil
}

func parentOf(pid int) (int, error) {
	fields, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(fields[statParent])
}

// cpuTime is what a process has used; with the processes that it made, and those that have ended, where tree is set.
func cpuTime(pid int, tree bool) (time.Duration, error) {
	fields, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	last := statSystem
	if tree {
		last = statChildren + 1
	}
	ticks := 0
	for _, field := range fields[statUser : last+1] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	used := time.Duration(ticks) * clockTick
	if tree {
		for _, child := range childrenOf(pid) {
			if more, err := cpuTime(child, false); err == nil { // else it has just ended
				used += more
			}
		}
	}
	return used, nil
}

func childrenOf(pid int) (children []int) {
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, folder := range folders {
		child, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		if parent, err := parentOf(child); err == nil && parent == pid {
			children = append(children, child)
		}
	}
	return children
}

// isCalled tells whether a process runs here under a name that begins so; a number from elsewhere is somebody else
// here.
func isCalled(pid int, name string) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return err == nil && strings.HasPrefix(string(text), name)
}

// Lines of /proc/<pid>/status.
const (
	peakMemory    = "VmHWM:"
	currentMemory = "VmRSS:"
)

// memory is resident memory in MiB.
func memory(pid int, line string) (float64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, err
	}
	for status := range strings.SplitSeq(string(text), "\n") {
		if value, ok := strings.CutPrefix(status, line); ok {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(value, "kB")))
			return float64(kib) / 1024, err
		}
	}
	return 0, fmt.Errorf("/proc: no %s", line)
}

// meter reads what the processes of a run use. What cannot be read (not on Linux, or a service elsewhere) is left out.
// Postgres and Redis may have other clients: what those cost is in their numbers too.
type meter struct{ watched []watched }

type watched struct {
	name string
	pid  int
	tree bool
}

// cpu is the CPU time that each process has used, by name.
func (m *meter) cpu() map[string]time.Duration {
	used := map[string]time.Duration{}
	for _, w := range m.watched {
		if d, err := cpuTime(w.pid, w.tree); err == nil {
			used[w.name] = d
		}
	}
	return used
}

// cpuSince is the CPU time in seconds since an earlier reading.
func (m *meter) cpuSince(before map[string]time.Duration) map[string]float64 {
	used := map[string]float64{}
	for name, now := range m.cpu() {
		used[name] = (now - before[name]).Seconds()
	}
	return used
}
