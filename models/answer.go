package models

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Limits of what a request brings into memory.
const (
	// MinAnswerLimit is the least that one request may read from the database, and answer: any one row. An answer of an
	// executor has 1 MiB, and so have a run's input and a job's.
	MinAnswerLimit = 4 << 20

	// Most answers are small, and need no place: a mutation's, or a page of 20 callbacks. A page of 100 with all its
	// attempts is middling.
	smallAnswer  = 64 << 10
	middleAnswer = 1 << 20
	// answerCopies is what an answer takes, in times its size: what was read, what is written, and what is not collected
	// yet.
	answerCopies = 3
	// answerWait is how long a request waits for a place.
	answerWait = 10 * time.Second
	// requestShare is the part of the memory that requests may take together, in one over this; the middling have a
	// quarter of it.
	requestShare = 4
	middleShare  = 4
)

// Answers bounds what the answers of all requests together hold in memory. Small ones are let in; one that turns out to
// be larger needs a place, of which there are as many as fit into a quarter of the memory.
type Answers struct {
	sizes  []answerSize
	wait   time.Duration
	shares shares
}

// answerSize is a class of answers with its places; nil: any number.
type answerSize struct {
	upTo   int64
	places chan struct{}
}

// NewAnswers bounds answers to limit bytes each, or to less where not even one would fit into the process's memory; 0
// is any.
func NewAnswers(limit, memory int64) *Answers {
	if memory <= 0 {
		memory = 1 << 40
	}
	middle := memory / requestShare / middleShare
	large := memory/requestShare - middle
	limit = min(limit, large/answerCopies)
	return &Answers{wait: answerWait, shares: shares{all: map[string]*share{}}, sizes: []answerSize{
		{upTo: min(smallAnswer, limit)},
		{upTo: min(middleAnswer, limit), places: places(middle, middleAnswer)},
		{upTo: limit, places: places(large, limit)},
	}}
}

func places(memory, each int64) chan struct{} {
	return make(chan struct{}, max(1, memory/(answerCopies*max(each, 1))))
}

// Limit returns what one request may read, and answer, in bytes.
func (a *Answers) Limit() int64 { return a.sizes[len(a.sizes)-1].upTo }

// Answer counts what one request reads and writes. It is safe for concurrent use.
type Answer struct {
	all    *Answers
	share  *share     // nil: it has no bound
	moving sync.Mutex // held while a place is waited for

	mu            sync.Mutex
	read, written int64
	size          int
	place         chan struct{} // nil for none
	failed        error
}

type answerKey struct{}

// Begin returns a context in which all that is read counts. The answer is to be ended when it has been sent.
func (a *Answers) Begin(ctx context.Context) (context.Context, *Answer) {
	answer := &Answer{all: a}
	return context.WithValue(ctx, answerKey{}, answer), answer
}

// AnswerFrom returns the answer that a request is at; nil where nothing counts.
func AnswerFrom(ctx context.Context) *Answer {
	a, _ := ctx.Value(answerKey{}).(*Answer)
	return a
}

// WithoutAnswer returns a context in which nothing that is read counts: it is for others too.
func WithoutAnswer(ctx context.Context) context.Context {
	return context.WithValue(ctx, answerKey{}, (*Answer)(nil))
}

// End gives the place back.
func (a *Answer) End() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leave()
	a.all.shares.forget(a.share)
}

// Err says why the answer cannot be given: ANSWER_TOO_LARGE or RATE_LIMITED. Once it does, it does for good.
func (a *Answer) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// Limit is Answers.Limit.
func (a *Answer) Limit() int64 { return a.all.Limit() }

// Read counts bytes that were read. Where it is false there is no room for them: the reader stops, and asks Room.
func (a *Answer) Read(n int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read += n
	return a.fits()
}

// ReadNow is Read for those who cannot wait, as they hold a transaction: it is false only beyond the limit.
func (a *Answer) ReadNow(n int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read += n
	if a.read > a.all.Limit() {
		a.fail(a.all.tooLarge())
	}
	return a.failed == nil
}

// Unread takes back what was counted and is to be read again.
func (a *Answer) Unread(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read -= n
}

// Write counts bytes that are going to be written, and waits for the room that they need.
func (a *Answer) Write(ctx context.Context, n int64) error {
	a.mu.Lock()
	a.written += n
	a.mu.Unlock()
	for {
		a.mu.Lock()
		fits := a.fits()
		a.mu.Unlock()
		if fits {
			return nil
		}
		if err := a.Room(ctx); err != nil {
			return err
		}
	}
}

// Room waits, where what was counted does not fit, for the place of a larger answer. The caller holds nothing that
// others wait for.
func (a *Answer) Room(ctx context.Context) error {
	a.moving.Lock()
	defer a.moving.Unlock()
	a.mu.Lock()
	if a.fits() || a.failed != nil {
		defer a.mu.Unlock()
		return a.failed
	}
	a.leave() // who waits for a large place keeps nobody from a middling one
	size := a.needed()
	a.mu.Unlock()

	err := a.waitForPlace(ctx, size)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.fail(err)
		return a.failed
	}
	a.enter(size)
	return nil
}

var errNoRoom = &Error{
	Code: CodeRateLimited, Message: "too many large answers are under way; try again in a moment, or ask for less at once",
}

// fits tells whether what was counted fits, if need be into the place of a larger answer that is free.
func (a *Answer) fits() bool {
	switch {
	case a.failed != nil:
		return false
	case a.bytes() <= a.all.sizes[a.size].upTo:
		return true
	case a.bytes() > a.all.Limit():
		a.fail(a.all.tooLarge())
		return false
	}
	size := a.needed()
	if !a.tryPlace(size) {
		return false
	}
	a.leave()
	a.enter(size)
	return true
}

func (a *Answer) bytes() int64 { return max(a.read, a.written) }

// needed is the smallest size that what was counted fits into.
func (a *Answer) needed() int {
	return slices.IndexFunc(a.all.sizes, func(s answerSize) bool { return a.bytes() <= s.upTo })
}

func (a *Answer) fail(err error) {
	if a.failed == nil {
		a.failed = err
	}
}

// enter has taken the place of a larger size.
func (a *Answer) enter(size int) {
	a.size, a.place = size, a.all.sizes[size].places
	if a.isLarge() {
		thrift.begin()
	}
}

func (a *Answer) leave() {
	if a.place == nil {
		return
	}
	if a.isLarge() {
		thrift.end()
	}
	<-a.place
	if own := a.share.of(a.size); own != nil {
		<-own
	}
	a.place = nil
}

func (a *Answer) isLarge() bool { return a.size == len(a.all.sizes)-1 }

func (a *Answers) tooLarge() error {
	return &Error{Code: CodeAnswerTooLarge, Message: fmt.Sprintf(
		"the answer would be larger than %s: ask for fewer at once (a lower `first`), or leave out what is large "+
			"(`payload`, `responseBody`, `results`, `input`, `output`)", formatBytes(a.Limit()))}
}

// formatBytes is a number of bytes for people: 32 MiB.
func formatBytes(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}} {
		if n >= unit.size {
			return strconv.FormatFloat(float64(n)/float64(unit.size), 'g', 4, 64) + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
