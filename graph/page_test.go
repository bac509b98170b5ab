package graph_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringback/ringback/models/modelstest"
)

// blocksOfThePage are the blocks of docs/graphql.md in a language, in their order.
func blocksOfThePage(t *testing.T, language string) (blocks []string) {
	t.Helper()
	page, err := os.ReadFile("../docs/graphql.md")
	modelstest.NoError(t, err)
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		blocks = append(blocks, match[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("there are no blocks of %s", language)
	}
	return blocks
}

func TestTheQueriesOfThePageWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := false
	for _, query := range blocksOfThePage(t, "graphql") {
		if !strings.Contains(query, "nonsense") {
			w.ok(w.admin(), query, nil)
			continue
		}
		refused = true
		var want, got any
		modelstest.NoError(t, json.Unmarshal([]byte(blocksOfThePage(t, "json")[0]), &want))
		modelstest.NoError(t, json.Unmarshal([]byte(w.do(w.admin(), query, nil).Body), &got))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the errors (-page +answer):\n%s", diff)
		}
	}
	if !refused {
		t.Error("no query is refused")
	}
}

// .ci/clients runs the files.
func TestTheRecipesOfThePageAreTheFilesThatAreRun(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	names, err := filepath.Glob("../clients/src/*.ts")
	modelstest.NoError(t, err)
	for _, name := range append(names, "../clients/codegen.json") {
		text, err := os.ReadFile(name)
		modelstest.NoError(t, err)
		files[string(text)] = filepath.Base(name)
	}
	var shown []string
	for _, block := range append(blocksOfThePage(t, "ts"), blocksOfThePage(t, "json")[1:]...) {
		if files[block] == "" {
			t.Errorf("no file has this recipe:\n%s", block)
		}
		shown = append(shown, files[block])
	}
	for text, name := range files {
		recipe := strings.Contains(text, "export ") && !slices.Contains([]string{"server.ts", "platform.ts"}, name)
		if recipe && !slices.Contains(shown, name) {
			t.Errorf("the page does not show %s", name)
		}
	}
}
