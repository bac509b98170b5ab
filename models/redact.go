package models

import (
	"bytes"
	"slices"
	"strings"
)

const (
	// minRedactedLength: shorter header values are no secrets, and masking them would eat ordinary text.
	minRedactedLength = 8
	// escapeLevels: JSON in a JSON text has two, and where it has a backslash escaped in it three.
	escapeLevels = 3
)

// Redact masks the values of configured headers, and the words in them, in an answer: receivers that echo the request
// would otherwise put a secret into the history. It knows them as they are; escaped as in JSON, in a URL or in HTML, in
// any spelling and one in the other; and cut off at the end.
//
// It goes over the answer once, and once more for each level of escapes. The words are bounded by the limits on
// headers: those of an account and of a project, 20 each of 4 KiB, in the four ways of wordsOf: 640 KiB, and twice that
// where each ends as an escape begins.
func Redact(body []byte, headers []Header) []byte {
	if len(body) < minRedactedLength {
		return body
	}
	words := wordsOf(headers, len(body))
	if len(words) == 0 {
		return body
	}
	known, found := newAutomaton(words), findings{}
	text, at := body, []int32(nil) // of each byte of the text, and of its end, in the body
	place := func(i int) int {
		if at == nil {
			return i
		}
		return int(at[i])
	}
	for level := 0; ; level++ {
		open := known.find(text, func(from, to int) { found.add(place(from), place(to), len(body)) })
		if open >= minRedactedLength { // the kept answer ends within a word
			found.add(place(len(text)-open), len(body), len(body))
		}
		if level == escapeLevels || !bytes.ContainsAny(text, escapes) {
			return found.mask(body)
		}
		plain, from := unescape(text)
		for i, n := range from {
			from[i] = small(place(int(n)))
		}
		text, at = plain, from
	}
}

// wordsOf returns what is masked, in alphabetical order: each value; what stands between blanks in it; what stands
// between separators; and of that what follows the first = or :, as in "session=…" and "user:…". Of each so much as can
// be in an answer of a length.
func wordsOf(headers []Header, length int) [][]byte {
	var words [][]byte
	add := func(word []byte) {
		if len(word) >= minRedactedLength {
			for _, word := range unescapeWord(word) {
				words = append(words, word[:min(len(word), length+1)]) // one more: it is not the whole word
			}
		}
	}
	for _, h := range headers {
		value := []byte(h.Value.Reveal())
		add(value)
		for _, field := range bytes.Fields(value) {
			if len(field) < len(value) {
				add(field)
			}
			for _, part := range bytes.FieldsFunc(field, func(r rune) bool { return strings.ContainsRune(`,;&"'`, r) }) {
				if len(part) < len(field) {
					add(part)
				}
				if i := bytes.IndexAny(part, "=:"); i >= 0 {
					add(part[i+1:])
				}
			}
		}
	}
	slices.SortFunc(words, bytes.Compare)
	return slices.CompactFunc(words, bytes.Equal)
}

// unescapeWord treats a word as the answer is treated, so that one which has escapes in it is found as well. One of
// which little would be left stays as it is. What looks like the beginning of an escape at its end stands for itself,
// since what follows it in an answer may tell that it is none; where nothing does, the word is found as it is.
func unescapeWord(word []byte) [][]byte {
	plain, cut := word, false
	for level := 0; level < escapeLevels && bytes.ContainsAny(plain, escapes); level++ {
		text, from := unescape(plain)
		rest := plain[from[len(from)-1]:]
		plain, cut = append(text, rest...), len(rest) > 0
	}
	switch {
	case len(plain) < minRedactedLength:
		return [][]byte{word}
	case cut:
		return [][]byte{plain, word}
	}
	return [][]byte{plain}
}

// findings are the parts of a text that are to be masked: how many begin, less those that end, before each of its
// bytes. Empty: none.
type findings []int32

func (f *findings) add(from, to, length int) {
	if len(*f) == 0 {
		*f = make(findings, length+1)
	}
	(*f)[from]++
	(*f)[to]--
}

// mask returns the text with one mask for all parts that touch.
func (f findings) mask(text []byte) []byte {
	if len(f) == 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	open := int32(0)
	for i, change := range f {
		before := open
		if open += change; before == 0 && open > 0 {
			out = append(out, Masked...)
		}
		if open == 0 && i < len(text) {
			out = append(out, text[i])
		}
	}
	return out
}
