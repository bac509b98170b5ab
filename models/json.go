package models

import (
	"bytes"
	"encoding/json"
)

// TakeMember splits a JSON object into the object without the member of a name and that member's value, nil where there
// is none. Both keep the order of keys and the spelling of numbers and strings; only the white space around members can
// change. Names are compared unescaped. Of several members of that name all are taken out, and the last counts.
//
// The object is the input field's: a text that is no JSON object, or that is more than 10,000 levels deep, is
// BAD_USER_INPUT.
func TakeMember(field string, object []byte, name string) (rest, member json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	brace, err := decoder.Token()
	if err != nil || brace != json.Delim('{') || !json.Valid(object) {
		return nil, nil, Invalid(field, "must be a JSON object")
	}
	rest = json.RawMessage{'{'}
	for decoder.More() {
		start := decoder.InputOffset()
		var value json.RawMessage
		key, err := decoder.Token()
		if err == nil {
			err = decoder.Decode(&value)
		}
		switch {
		case err != nil:
			return nil, nil, Invalid(field, "must be a JSON object")
		case key == name:
			member = value
			continue
		case len(rest) > 1:
			rest = append(rest, ',')
		}
		rest = append(rest, bytes.TrimLeft(object[start:decoder.InputOffset()], ", \t\r\n")...)
	}
	return append(rest, '}'), member, nil
}

// IsObject tells whether a text is a JSON object.
func IsObject(text json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && json.Valid(text)
}

// SameJSON is a text of a JSON value that is the same in any order of keys, with any white space and any escapes.
// Numbers keep their spelling. What is no JSON stays as it is.
func SameJSON(text []byte) json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return text
	}
	same, err := json.Marshal(value)
	if err != nil {
		return text
	}
	return same
}
