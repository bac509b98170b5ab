package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func builtExplorer() fstest.MapFS {
	dist := fstest.MapFS{".gitkeep": {}}
	for _, name := range explorerAssets {
		dist[name] = &fstest.MapFile{Data: []byte("content of " + name)}
	}
	return dist
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	return rec
}

func TestExplorerServesItsOwnFiles(t *testing.T) {
	t.Parallel()
	h, offline := newExplorer("/graphql", builtExplorer())
	if !offline {
		t.Fatal("all files are there, but the page is not offline")
	}
	page := get(t, h, "/explorer")
	if strings.Contains(page.Body.String(), "https://") {
		t.Error("the offline page names another host")
	}

	tags := regexp.MustCompile(`(?:src|href)="(/explorer/assets/[^"]+)"\s+integrity="([^"]+)"`).
		FindAllStringSubmatch(page.Body.String(), -1)
	if len(tags) != len(explorerAssets) {
		t.Fatalf("the page loads %d files, want %d", len(tags), len(explorerAssets))
	}
	for _, tag := range tags {
		rec := get(t, h, tag[1])
		sum := sha256.Sum256(rec.Body.Bytes())
		if want := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); rec.Code != http.StatusOK ||
			html.UnescapeString(tag[2]) != want {
			t.Errorf("%s: status %d, integrity %s, want %s", tag[1], rec.Code, tag[2], want)
		}
		want := "text/javascript; charset=utf-8"
		if strings.Contains(tag[1], ".css") {
			want = "text/css; charset=utf-8"
		}
		if got := rec.Header().Get("Content-Type"); got != want {
			t.Errorf("%s: content type %q, want %q", tag[1], got, want)
		}
	}
	if rec := get(t, h, "/explorer/assets/.gitkeep"); rec.Code != http.StatusNotFound {
		t.Errorf("the placeholder is served: status %d", rec.Code)
	}
}

func TestExplorerFallsBackToTheCDN(t *testing.T) {
	t.Parallel()
	partial := builtExplorer()
	delete(partial, explorerAssets[3])
	for name, dist := range map[string]fs.FS{
		"placeholder only": fstest.MapFS{".gitkeep": {}}, "one file missing": partial,
	} {
		h, offline := newExplorer("/graphql", dist)
		if offline {
			t.Errorf("%s: the page says that it is offline", name)
		}
		page := get(t, h, "/explorer")
		if got := strings.Count(page.Body.String(), `"https://cdn.jsdelivr.net/npm/`); got != len(explorerAssets) {
			t.Errorf("%s: %d files come from the CDN, want %d", name, got, len(explorerAssets))
		}
		if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(
			policy, "script-src https://cdn.jsdelivr.net ",
		) {
			t.Errorf("%s: the policy does not allow the CDN: %s", name, policy)
		}
	}
}

func TestExplorerSaysWhatToDoWhereItsFilesDoNotCome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dist fs.FS
		says string
	}{
		"from the CDN": {fstest.MapFS{}, missingPublic}, "its own": {builtExplorer(), missingOwn},
	} {
		h, _ := newExplorer("/graphql", c.dist)
		page := get(t, h, "/explorer").Body.String()
		before, _, found := strings.Cut(page, c.says)
		if !found || strings.Contains(before, "src=") {
			t.Errorf("%s: what says so does not stand before the files", name)
		}
	}
}

func TestExplorersFirstQueryWorksOnTheDemoTenant(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	projects := ask[struct {
		Me struct {
			Accounts struct {
				Nodes []struct{ Projects struct{ Nodes []any } }
			}
		}
	}](t, s, s.user(), firstQuery, nil).Me.Accounts.Nodes[0].Projects.Nodes
	if len(projects) != 2 {
		t.Errorf("it shows the projects %v", projects)
	}
	var headers map[string]string
	if err := json.Unmarshal([]byte(headerTemplate), &headers); err != nil {
		t.Fatal(err)
	}
	// As it is, the schema can be read: a token that is not there yet is none, and not a wrong one.
	if data := ask[struct{ Version string }](t, s, http.Header{"X-Auth-Token": {headers["x-auth-token"]}}, `{ version }`, nil); data.Version == "" {
		t.Error("with the headers of the template nothing is answered")
	}
}

// The prefill hangs on one line of gqlgen's template; an upgrade that changes it must fail here.
func TestExplorerPrefillIsInThePage(t *testing.T) {
	t.Parallel()
	h, _ := newExplorer("/graphql", builtExplorer())
	if !strings.Contains(get(t, h, "/explorer?query={version}").Body.String(), prefillScript) {
		t.Fatalf("gqlgen's page has no line %q any more", prefillAnchor)
	}
}

// Whoever raises one of the versions must raise the other: the page is written for exactly these files.
func TestEmbeddedFilesAreThoseThatTheTemplateNames(t *testing.T) {
	t.Parallel()
	own, offline := explorer("/graphql")
	if !offline {
		t.Skip("the explorer's files are not built: make explorer")
	}
	public, _ := newExplorer("/graphql", fstest.MapFS{})
	integrity := regexp.MustCompile(`integrity="([^"]+)"`)
	want := integrity.FindAllString(get(t, public, "/explorer").Body.String(), -1)
	got := integrity.FindAllString(get(t, own, "/explorer").Body.String(), -1)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("embedded files differ from gqlgen's own:\n got %v\nwant %v", got, want)
	}
}
