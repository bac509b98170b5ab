package main

import (
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/ringback/ringback/models"
)

// memoryShare is the part of the cgroup's memory, or of the machine's, that Go keeps to: the rest is what it does not
// count.
const memoryShare = 0.9

// limitMemory has Go collect more often rather than be killed. GOMEMLIMIT goes before it.
func limitMemory(log *slog.Logger) {
	limit, err := memlimit.Set(
		memlimit.WithRatio(memoryShare),
		memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)),
	)
	if err != nil {
		log.Warn("memory.unlimited", "error", err)
		return
	}
	log.Info("memory.limited", "bytes", limit)
}

const (
	// bytesInHandShare is the part of the memory that Go keeps to which the bodies in a worker's hand may take by default.
	bytesInHandShare = 8
	// minBytesInHand is more than the largest body, or that would never leave beside another.
	minBytesInHand = 16 << 20
	// bytesInHandUnlimited is the default where the memory has no limit.
	bytesInHandUnlimited = 256 << 20
)

// bytesInHand is what bodies in a worker's hand may take: what is configured, else a share of the memory that Go keeps
// to.
func bytesInHand(configured byteSize) int64 {
	if configured > 0 {
		return int64(configured)
	}
	memory := debug.SetMemoryLimit(-1)
	if memory == math.MaxInt64 {
		return bytesInHandUnlimited
	}
	return max(minBytesInHand, memory/bytesInHandShare)
}

// newAnswers bounds what requests to the API take of the memory that Go keeps to.
func newAnswers(limit byteSize, log *slog.Logger) *models.Answers {
	memory := debug.SetMemoryLimit(-1)
	if memory == math.MaxInt64 {
		memory = 0
	}
	answers := models.NewAnswers(int64(limit), memory)
	if answers.Limit() < int64(limit) {
		log.Warn("memory.answers", "limit", answers.Limit(), "asked", int64(limit), "memory", memory,
			"meaning", "RINGBACK_ANSWER_LIMIT does not fit: three times as much is at most three sixteenths of the memory")
	}
	return answers
}

// byteSize is a number of bytes, such as 32MiB.
type byteSize int64

type byteUnit struct {
	suffix string
	bytes  int64
}

// byteUnits are in the order in which a size is read and written.
var byteUnits = []byteUnit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

// UnmarshalText reads bytes, KiB, MiB and GiB.
func (b *byteSize) UnmarshalText(text []byte) error {
	for _, unit := range byteUnits {
		number, ok := strings.CutSuffix(string(text), unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/unit.bytes {
			break
		}
		*b = byteSize(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size such as 32MiB", text)
}

// String is what UnmarshalText reads, in the largest unit of which there is a whole number.
func (b byteSize) String() string {
	i := slices.IndexFunc(byteUnits, func(u byteUnit) bool { return int64(b)%u.bytes == 0 })
	return strconv.FormatInt(int64(b)/byteUnits[i].bytes, 10) + byteUnits[i].suffix
}
