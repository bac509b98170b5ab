package graph_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ringback/ringback/graph"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/job"
)

// withLarge gives the demo project callbacks with bodies of 1 MiB, and answers a limit of 4 MiB.
func (w *world) withLarge(n int) (text string) {
	w.tb.Helper()
	text = strings.Repeat(`"<é>\`+"\n", 1<<20/8)
	for range n {
		w.job(job.NewJobs{ProjectID: demoProject, Metadata: []byte(`{"text":` + quote(text[:1<<19]) + `}`)})
	}
	w.handler = identified(
		graph.NewHandler(w.service, models.NewAnswers(4<<20, 0), testVersion, slog.New(slog.NewJSONHandler(w.log, nil))),
	)
	return text[:1<<19]
}

func TestAnAnswerThatIsTooLargeIsOneErrorThatSaysHowToAskForLess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := w.withLarge(8)
	const list = `{ getProject(id: 1123123) { jobs(first: %d) { nodes { uuid %s } } } }`
	a := w.do(w.viewer(), fmt.Sprintf(list, 100, "metadata"), nil)
	if a.code() != string(models.CodeAnswerTooLarge) || len(a.Errors) != 1 || a.Data != nil ||
		!strings.Contains(a.Body, "4 MiB") {
		t.Errorf("%.500s", a.Body)
	}
	w.ok(w.viewer(), fmt.Sprintf(list, 100, ""), nil)
	some := w.ok(w.viewer(), fmt.Sprintf(list, 2, "metadata"), nil)
	if got := some.text("getProject.jobs.nodes.1.metadata.text"); got != text {
		t.Errorf("%d bytes came back, not the %d that were given", len(got), len(text))
	}
}

func TestOneTextManyTimesOverIsTooLargeToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withLarge(1)
	var many strings.Builder
	for i := range 20 {
		fmt.Fprintf(&many, " m%d: metadata", i)
	}
	const one = `{ version getProject(id: 1123123) { jobs(first: 1) { nodes { %s } } } }`
	if a := w.do(w.viewer(), fmt.Sprintf(one, many.String()), nil); a.code() != string(models.CodeAnswerTooLarge) ||
		a.Data != nil {
		t.Errorf("%.500s", a.Body)
	}
	w.ok(w.viewer(), fmt.Sprintf(one, "a: metadata b: metadata"), nil)
}

func TestALargeAnswerCanHaveErrorsBesideIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := w.withLarge(1)
	a := w.do(
		w.viewer(),
		`{ version none: getProject(id: 999) { id } getProject(id: 1123123) { keys { name } jobs(first: 1) { nodes { metadata } } } }`,
		nil,
	)
	if len(a.Errors) != 2 || a.at("version") != testVersion || a.text("getProject.jobs.nodes.0.metadata.text") != text {
		t.Errorf("%d errors: %.300s", len(a.Errors), a.Body)
	}
}

func TestAMutationWhoseAnswerIsTooLargeHasBeenCarriedOutAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.handler = identified(
		graph.NewHandler(w.service, models.NewAnswers(1<<20, 0), testVersion, slog.New(slog.NewJSONHandler(w.log, nil))),
	)
	const many = `a: metadata b: metadata c: metadata`
	a := w.do(w.editor(), `mutation($m: JSON) { createJobs(input: {projectId: 1123123, inputs: ["large"], metadata: $m}) { jobs { `+many+` } } }`,
		variables{"m": map[string]any{"text": strings.Repeat("x", 500<<10)}})
	if a.code() != string(models.CodeAnswerTooLarge) || a.Data != nil ||
		!strings.Contains(a.Body, "carried out all the same") {
		t.Errorf("%.500s", a.Body)
	}
	jobs := w.ok(w.viewer(), `{ getProject(id: 1123123) { jobs(first: 1) { nodes { input } } } }`, nil)
	if got := jobs.at("getProject.jobs.nodes.0.input"); got != "large" {
		t.Errorf("the last job is of %v", got)
	}
	query := w.do(w.viewer(), `{ getProject(id: 1123123) { jobs(first: 1) { nodes { `+many+` } } } }`, nil)
	if query.code() != string(models.CodeAnswerTooLarge) || strings.Contains(query.Body, "carried out") {
		t.Errorf("%.500s", query.Body)
	}
}
