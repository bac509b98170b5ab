package models

import (
	"bytes"
	"strconv"
)

// escapes are the characters that unescape does not leave as they are.
const escapes = `\%&+`

// notASCII stands for a character that no header value has.
const notASCII = 0xff

// unescape undoes what JSON, URLs and HTML write in place of a character, wherever it looks like that, so that
// different spellings of a text become the same; it is for comparison only. from says where each byte of plain, and its
// end, was in the text. It ends before an escape that is cut off.
func unescape(text []byte) (plain []byte, from []int32) {
	plain, from = make([]byte, 0, len(text)), make([]int32, 0, len(text)+1)
	i := 0
	for i < len(text) {
		c, n := unescapeOne(text[i:])
		if n == 0 {
			break
		}
		plain, from = append(plain, c), append(from, small(i))
		i += n
	}
	return plain, append(from, small(i))
}

// unescapeOne returns the first character of a text and how many bytes it takes there; 0 where its escape is cut off.
func unescapeOne(text []byte) (c byte, n int) {
	switch text[0] {
	case '\\':
		c, n = unescapeJSON(text)
	case '%':
		c, n = unescapeURL(text)
	case '&':
		c, n = unescapeHTML(text)
	default:
		c, n = text[0], 1
	}
	if c == '+' {
		c = ' ' // as in a form
	}
	return c, n
}

// unescapeJSON takes any number of backslashes for one: JSON in a JSON text has more.
func unescapeJSON(text []byte) (c byte, n int) {
	for n < len(text) && text[n] == '\\' {
		n++
	}
	switch {
	case n == len(text):
		return 0, 0
	case text[n] == 't':
		return '\t', n + 1
	case text[n] == 'u':
		return hex(text, n+1, 4, 'u')
	}
	return text[n], n + 1
}

// unescapeURL takes a % that is escaped itself for one.
func unescapeURL(text []byte) (c byte, n int) {
	n = 1
	for bytes.HasPrefix(text[n:], []byte("25")) {
		n += 2
	}
	return hex(text, n, 2, '%')
}

// hex reads a number of so many digits after n bytes. Where there is none, these bytes are otherwise.
func hex(text []byte, n, digits int, otherwise byte) (c byte, size int) {
	value := 0
	for i := range digits {
		if n+i == len(text) {
			return 0, 0
		}
		digit := bytes.IndexByte([]byte("0123456789abcdef"), text[n+i]|0x20)
		if digit < 0 {
			return otherwise, n
		}
		value = value<<4 | digit
	}
	return ascii(value), n + digits
}

func ascii(value int) byte {
	if value > 0x7f {
		return notASCII
	}
	return byte(value) //nolint:gosec // see above
}

// maxEntity is the longest reference to a character of HTML that is read.
const maxEntity = len("&#x0000002f;")

// entities are the characters that must be written so, by their names.
var entities = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

func unescapeHTML(text []byte) (c byte, n int) {
	end := bytes.IndexFunc(text[1:min(len(text), maxEntity)], func(r rune) bool {
		return r != '#' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}) + 1
	switch {
	case end == 0 && len(text) < maxEntity:
		return 0, 0
	case end == 0 || text[end] != ';':
		return '&', 1
	}
	if c, ok := entities[string(text[1:end])]; ok {
		return c, end + 1
	}
	if number, ok := bytes.CutPrefix(text[1:end], []byte("#")); ok {
		base := 10
		if hex, ok := bytes.CutPrefix(bytes.ToLower(number), []byte("x")); ok {
			number, base = hex, 16
		}
		if value, err := strconv.ParseUint(string(number), base, 31); err == nil {
			return ascii(int(value)), end + 1
		}
	}
	return '&', 1
}
