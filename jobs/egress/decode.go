package egress

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// maxCodings is how many compressions on top of each other are undone. Nobody means more than one.
const maxCodings = 2

// codingsOf are the compressions of a body as Content-Encoding has them. Where one of them is not known, nothing of the
// body is kept: what cannot be read cannot be searched for secrets either. (A receiver may use any, since the request
// names none.)
func codingsOf(header http.Header) (codings []string, known bool) {
	all := strings.ToLower(strings.Join(header.Values("Content-Encoding"), ","))
	codings = strings.FieldsFunc(all, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	unknown := func(coding string) bool {
		_, ok := decompressors[coding]
		return !ok
	}
	return codings, len(codings) <= maxCodings && !slices.ContainsFunc(codings, unknown)
}

// decode returns the first keep bytes of what an answer's body says: decompressed, and in UTF-8. more tells that there
// are others. It reads no more than it keeps, so a bomb of 64 KiB costs as much as a text of 64 KiB. What turns out not
// to be what the header says stays as it was sent.
func decode(body []byte, codings []string, contentType string, keep int) (text []byte, more bool) {
	text = body
	for i := len(codings) - 1; i >= 0 && len(text) > 0; i-- {
		if open := decompressors[codings[i]]; open != nil {
			text, more = decompress(text, open, keep)
		}
	}
	return toUTF8(text[:min(len(text), keep)], contentType, keep, more)
}

// decompressors by the coding; nil: nothing to do.
var decompressors = map[string]func(body []byte) (io.Reader, error){
	"identity": nil,
	"gzip":     func(body []byte) (io.Reader, error) { return gzip.NewReader(bytes.NewReader(body)) },
	"x-gzip":   func(body []byte) (io.Reader, error) { return gzip.NewReader(bytes.NewReader(body)) },
	"deflate": func(body []byte) (io.Reader, error) {
		if r, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
			return r, nil
		}
		return flate.NewReader(bytes.NewReader(body)), nil // as some servers have it
	},
}

// decompress takes what there is of a body that is cut off or broken.
func decompress(body []byte, open func([]byte) (io.Reader, error), keep int) (text []byte, more bool) {
	r, err := open(body)
	if err != nil {
		return body, false
	}
	text, err = io.ReadAll(io.LimitReader(r, int64(keep)+1))
	if len(text) == 0 && err != nil {
		return body, false
	}
	return text[:min(len(text), keep)], len(text) > keep
}

// toUTF8 goes by the byte order mark, then by the type's charset, and in a text without either by what browsers take it
// for. What is UTF-8 stays as it is, whatever its type says: JSON is not seldom sent under a wrong one.
func toUTF8(text []byte, contentType string, keep int, more bool) ([]byte, bool) {
	if from := encodingOf(text, contentType); from != nil {
		decoded, err := io.ReadAll(
			io.LimitReader(transform.NewReader(bytes.NewReader(text), from.NewDecoder()), int64(keep)+1),
		)
		if err == nil {
			text, more = decoded[:min(len(decoded), keep)], more || len(decoded) > keep
		}
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), more
}

func encodingOf(text []byte, contentType string) encoding.Encoding {
	const otherwise = "\x00\x1b" // no text in UTF-8 has them; one in UTF-16 or ISO-2022 can look like one
	if utf8.Valid(wholeRunes(text)) && !bytes.ContainsAny(text, otherwise) {
		return nil
	}
	from, name, certain := charset.DetermineEncoding(text, contentType)
	if name == "utf-8" || !certain && !strings.HasPrefix(strings.ToLower(contentType), "text/") {
		return nil
	}
	return from
}

// wholeRunes is the text without a character that is cut off at its end.
func wholeRunes(text []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax, len(text)); i++ {
		if tail := text[len(text)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}
