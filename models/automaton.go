package models

import "bytes"

// automaton finds many words in a text in one pass, whatever they are (Aho and Corasick, 1975). Its states are the
// beginnings of the words, numbered by their length and then in alphabetical order: those that are one byte longer than
// a state stand beside each other.
type automaton struct {
	begin [256]int32 // the states of one byte
	last  []byte     // by state, its last byte
	first []int32    // the first of those that are one byte longer; they end where those of the next state begin
	// where to go on when no state is longer by the byte: the longest end of it that is a beginning as well
	fail    []int32
	length  []int32
	longest []int32 // the length of the longest word that ends there; 0: none
}

// newAutomaton takes words in alphabetical order, none of them empty or there twice, and uses the list up.
func newAutomaton(words [][]byte) *automaton {
	size := 2
	for _, word := range words {
		size += len(word)
	}
	a := &automaton{
		last: make([]byte, 1, size), first: make([]int32, 0, size), fail: make([]int32, 1, size),
		length: make([]int32, 1, size), longest: make([]int32, 1, size),
	}
	// Byte by byte of all words at once: what a state needs of shorter ones is there then.
	states := make([]int32, len(words))
	for length := 1; len(words) > 0; length++ {
		going, parent := 0, int32(-1)
		for i, word := range words {
			c := word[length-1]
			if states[i] != parent || a.last[len(a.last)-1] != c {
				parent = states[i]
				a.extend(parent, c, int32(length))
			}
			state := a.next() - 1
			if len(word) == length {
				a.longest[state] = int32(length)
				continue
			}
			words[going], states[going] = word, state
			going++
		}
		words, states = words[:going], states[:going]
	}
	a.complete(len(a.last))
	return a
}

// extend makes the state that is parent and c.
func (a *automaton) extend(parent int32, c byte, length int32) {
	a.complete(int(parent))
	fail := int32(0)
	if parent == 0 {
		a.begin[c] = a.next()
	} else {
		fail = a.step(a.fail[parent], c)
	}
	a.last, a.fail, a.length = append(a.last, c), append(a.fail, fail), append(a.length, length)
	a.longest = append(a.longest, a.longest[fail])
}

// next is the number of the next state.
func (a *automaton) next() int32 { return small(len(a.last)) }

// small is for what the limits on headers (see redact) and on what is kept of an answer bound.
func small(n int) int32 { return int32(n) } //nolint:gosec // below 2^31 by far

// complete notes that the states up to this one have no longer ones but those that are there.
func (a *automaton) complete(state int) {
	for len(a.first) <= state {
		a.first = append(a.first, a.next())
	}
}

// step returns the state after c.
func (a *automaton) step(state int32, c byte) int32 {
	for ; state != 0; state = a.fail[state] {
		from, to := a.first[state], a.first[state+1]
		if i := bytes.IndexByte(a.last[from:to], c); i >= 0 {
			return from + small(i)
		}
	}
	return a.begin[c]
}

// find tells of the longest word that ends at each byte of a text. It returns how long a word is already that begins in
// the text and might go on after it.
func (a *automaton) find(text []byte, found func(from, to int)) (open int) {
	state := int32(0)
	for i, c := range text {
		state = a.step(state, c)
		if n := int(a.longest[state]); n > 0 {
			found(i+1-n, i+1)
		}
	}
	for a.first[state] == a.first[state+1] && state != 0 {
		state = a.fail[state]
	}
	return int(a.length[state])
}
