package models

// RedactStates is how many states the automaton has that masks headers in an answer of a length.
func RedactStates(headers []Header, length int) int {
	return len(newAutomaton(wordsOf(headers, length)).last)
}

// Shares is how many accounts have requests under way.
func (a *Answers) Shares() int { return len(a.shares.all) }
