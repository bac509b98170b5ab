package models_test

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

func named(value string) models.SourcedHeader { return sourced("X-A", value, models.LevelProject) }

// longHeaders are as many and as long as they can be, made of words of a length.
func longHeaders(word int) []models.SourcedHeader {
	random := rand.New(rand.NewPCG(1, 2))
	headers := make([]models.SourcedHeader, models.MaxHeaders)
	for i := range headers {
		headers[i] = named(randomWords(random, models.MaxHeaderBytes, word))
	}
	return headers
}

// randomWords are n bytes of words of a length, with blanks between them.
func randomWords(random *rand.Rand, n, word int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./"
	var text strings.Builder
	for i := range n {
		if i%(word+1) == word {
			text.WriteByte(' ')
		} else {
			text.WriteByte(letters[random.IntN(len(letters))])
		}
	}
	return text.String()
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func BenchmarkRedact(b *testing.B) {
	const answer = 64 << 10
	random := rand.New(rand.NewPCG(3, 4))
	echo := func(headers []models.SourcedHeader) string {
		var text strings.Builder
		for text.Len() < answer {
			for _, h := range headers {
				text.WriteString(strings.ReplaceAll(h.Value.Reveal(), "/", `\/`) + "\n")
			}
		}
		return text.String()[:answer]
	}
	usual := []models.SourcedHeader{named("Bearer your-token-is-long-enough")}
	same := []models.SourcedHeader{named(strings.Repeat("a", models.MaxHeaderBytes))}
	for name, c := range map[string]struct {
		headers []models.SourcedHeader
		body    string
	}{
		"usual/short":                  {usual, `{"status":"ok"}`},
		"usual/64 KiB":                 {usual, randomWords(random, answer, 7)},
		"20 of one word/64 KiB":        {longHeaders(models.MaxHeaderBytes), randomWords(random, answer, 7)},
		"20 of one word/echo":          {longHeaders(models.MaxHeaderBytes), echo(longHeaders(models.MaxHeaderBytes))},
		"20 of short words/short":      {longHeaders(8), `{"status":"ok"}`},
		"20 of short words/echo":       {longHeaders(8), echo(longHeaders(8))},
		"20 of blanks in words/64 KiB": {longHeaders(40), randomWords(random, answer, 40)},
		"one letter/echo":              {same, strings.Repeat("a", answer)},
	} {
		b.Run(name, func(b *testing.B) {
			before := cpuTime()
			for b.Loop() {
				models.Redact([]byte(c.body), c.headers)
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op") // of a machine that has other work too
		})
	}
}
