package models

// MaxStoredBytes bounds the text that one call stores, with a copy for each of its rows: a request of 1 MiB that names
// its metadata once and its inputs a thousand times would be a gigabyte.
const MaxStoredBytes = 4 << 20

// StoredText is how much of it is of one field of the input.
type StoredText struct {
	Field string
	Bytes int
}

// CheckStored tells whether a call may store so much. The error is BAD_USER_INPUT on the field that has most of it.
func CheckStored(texts ...StoredText) error {
	sum, most := 0, texts[0]
	for _, t := range texts {
		sum += t.Bytes
		if t.Bytes > most.Bytes {
			most = t
		}
	}
	if sum <= MaxStoredBytes {
		return nil
	}
	return Invalid(most.Field, "makes the call store too much: %d bytes with a copy for each row, and together at most "+
		"%d", most.Bytes, MaxStoredBytes)
}
