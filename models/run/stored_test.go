package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
)

// One variable that stands for many inputs makes a small request large.
func TestCreateRunStoresNoMoreThanACallMay(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	for name, test := range map[string]struct {
		input run.NewInput
		n     int
		fits  bool
	}{
		"five inputs": {run.NewInput{Input: modelstest.ObjectOfBytes(900_000)}, 5, false},
		"four":        {run.NewInput{Input: modelstest.ObjectOfBytes(900_000)}, 4, true},
		"with custom data": {
			run.NewInput{Input: modelstest.ObjectOfBytes(900_000), CustomData: modelstest.ObjectOfBytes(900_000)}, 3, false,
		},
		"a thousand": {
			run.NewInput{Input: modelstest.ObjectOfBytes(4_000), CustomData: modelstest.ObjectOfBytes(1_000)}, 1_000, false,
		},
	} {
		in := w.RunInput()
		in.Inputs = slices.Repeat([]run.NewInput{test.input}, test.n)
		_, err := w.CreateRun(t.Context(), w.Editor, in)
		t.Log(name)
		if test.fits {
			modelstest.NoError(t, err)
		} else {
			modelstest.WantError(t, err, models.CodeBadUserInput, "inputs")
		}
	}
}

func TestNewRunIsToldAllItsProblemsAtOnce(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	w.NewAction()
	in := w.RunInput()
	in.Inputs, in.PageSize = nil, new(0)
	in.Callback = &run.NewCallback{URL: "no", On: run.CallbackOnAll}
	_, err := w.CreateRun(t.Context(), w.Editor, in)
	modelstest.WantError(t, err, models.CodeBadUserInput, "inputs")
	for _, field := range []string{"inputs: ", "parameters.pageSize: ", "callback.url: "} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not in %v", field, err)
		}
	}
}
