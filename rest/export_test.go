package rest

// Patterns are those of all doors.
func Patterns() []string {
	patterns := make([]string, len(doors))
	for i, d := range doors {
		patterns[i] = d.pattern
	}
	return patterns
}

// PublicPatterns are those of the doors that ask nobody who they are.
func PublicPatterns() []string {
	var patterns []string
	for _, d := range doors {
		if d.public {
			patterns = append(patterns, d.pattern)
		}
	}
	return patterns
}

// Labels are those of the answers that are errors.
func Labels() []string {
	labels := []string{labelMethodNotAllowed, labelUnknown}
	for _, kind := range kinds {
		labels = append(labels, kind.label)
	}
	return labels
}

// Document is openapi.json.
func Document() []byte { return document }

// ReadLogQuery reads the parameters of the list of callbacks.
var ReadLogQuery = readLogQuery
