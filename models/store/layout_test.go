package store_test

import (
	"regexp"
	"strings"
	"testing"
)

const (
	lineLength  = 120
	shortSelect = 80 // one of this length stays in its line
)

var (
	clauses = regexp.MustCompile(
		`^ (?:SELECT|FROM|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT|UNION ALL|(?:CROSS |LEFT )?JOIN) `,
	)
	nextWith = regexp.MustCompile(`^, \w+(?: \([a-z_, ]+\))? AS \(`)
	isSelect = regexp.MustCompile(`^(?:SELECT|WITH) `)
)

// layOut breaks a statement into lines, and changes nothing else.
func layOut(statement string) string {
	return wrap(layOutAt("", strings.Join(strings.Fields(statement), " "), true))
}

// layOutAt breaks what stands between two parentheses, or outside of all: a query at its clauses, and the longer
// queries within.
func layOutAt(indent, text string, query bool) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if query {
			if clause := clauses.FindString(text[i:]); clause != "" {
				out.WriteString("\n" + indent + clause[1:len(clause)-1])
				i += len(clause) - 2 // the space after it may be that before the next
				continue
			}
			if nextWith.MatchString(text[i:]) {
				out.WriteString(",\n" + indent)
				i++
				continue
			}
		}
		if text[i] != '(' {
			out.WriteByte(text[i])
			continue
		}
		inner := text[i+1 : i+closing(text[i:])]
		if isSelect.MatchString(inner) && len(inner) > shortSelect {
			out.WriteString("(\n" + indent + "  " + layOutAt(indent+"  ", inner, true) + "\n" + indent + ")")
		} else {
			out.WriteString("(" + layOutAt(indent, inner, false) + ")")
		}
		i += len(inner) + 1
	}
	return out.String()
}

// closing is where the parenthesis is closed that a text begins with.
func closing(text string) int {
	depth := 0
	for i := range text {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// wrap breaks lines that are too long: conditions before an AND, and lists after a comma.
func wrap(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))] + "    "
		var parts []string
		for len(line) > lineLength {
			at := strings.LastIndex(line[:lineLength], " AND ")
			if at < 0 {
				at = strings.LastIndex(line[:lineLength], ", ") + 1
			}
			if at <= len(indent) {
				break
			}
			parts, line = append(parts, line[:at]), indent+line[at+1:]
		}
		lines[i] = strings.Join(append(parts, line), "\n")
	}
	return strings.Join(lines, "\n")
}

func TestALaidOutStatementIsTheSame(t *testing.T) {
	t.Parallel()
	got := layOut("WITH a AS (SELECT id FROM callbacks WHERE account_id = $1 AND created_at < $2 AND next_attempt_at " +
		"IS NULL LIMIT 3) " +
		"SELECT coalesce((SELECT min(id) FROM a), 0) FROM a UNION ALL SELECT 1")
	want := `WITH a AS (
  SELECT id
  FROM callbacks
  WHERE account_id = $1 AND created_at < $2 AND next_attempt_at IS NULL
  LIMIT 3
)
SELECT coalesce((SELECT min(id) FROM a), 0)
FROM a
UNION ALL
SELECT 1`
	if got != want {
		t.Errorf("got:\n%s", got)
	}
}
