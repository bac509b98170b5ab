package models

// MaxStoredBytes bounds the text that one call stores, with a copy for each of its rows: a request of 1 MiB that names its metadata once
// and its inputs a thousand times would be a gigabyte.
const MaxStoredBytes = 4 << 20

// storedText is how much of it is of one field of the input.
type storedText struct {
	field string
	bytes int
}

// checkStored tells whether a call may store so much; the error is on the field that has most of it.
func checkStored(texts ...storedText) error {
	sum, most := 0, texts[0]
	for _, t := range texts {
		sum += t.bytes
		if t.bytes > most.bytes {
			most = t
		}
	}
	if sum <= MaxStoredBytes {
		return nil
	}
	return invalid(most.field, "makes the call store too much: %d bytes with a copy for each row, and together at most %d", most.bytes, MaxStoredBytes)
}
