//go:build race

package main

// The race detector takes several times the memory, and ten times the time.
const raceDetector = true
