package console

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// built are embedded files as a build leaves them: our own code, and libraries or a bundle where they were built.
func built(more ...string) fstest.MapFS {
	sum := sha512.Sum384([]byte("content"))
	list, _ := json.Marshal([]library{{Name: "preact", Files: []libraryFile{{
		Address: "preact@1.0.0/preact.mjs", Integrity: "sha384-" + base64.StdEncoding.EncodeToString(sum[:]),
	}}}})
	all := fstest.MapFS{
		"dist/console.js": {Data: []byte("import 'preact'")}, "dist/console.css": {Data: []byte("body {}")},
		"dist/libraries.json": {Data: list}, "icon.svg": {}, "embed.js": {Data: []byte("// element")}, "lib/.gitkeep": {}, "bundle/.gitkeep": {},
	}
	for _, name := range more {
		all[name] = &fstest.MapFile{Data: []byte("content")}
	}
	return all
}

func bundled() fstest.MapFS {
	all := built("bundle/console.js", "bundle/console.css")
	sum := sha256.New()
	for _, name := range []string{"console.css", "console.js", "libraries.json"} {
		_, _ = sum.Write(all["dist/"+name].Data)
	}
	all["bundle/dist.sha256"] = &fstest.MapFile{Data: []byte(hex.EncodeToString(sum.Sum(nil)))}
	return all
}

func open(t *testing.T, from fs.FS) *Console {
	t.Helper()
	c, err := newConsole(from, []string{"https://app.example", "http://127.0.0.1:5173"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	h.ServeHTTP(rec, request)
	return rec
}

func TestThePageTakesItsLibrariesFromWhereTheyAre(t *testing.T) {
	t.Parallel()
	const public = "https://cdn.jsdelivr.net/npm/preact@1.0.0/preact.mjs"
	changed := built()
	changed["lib/preact@1.0.0/preact.mjs"] = &fstest.MapFile{Data: []byte("other content")}
	stale := bundled()
	stale["dist/console.js"] = &fstest.MapFile{Data: []byte("import 'other'")}
	for name, c := range map[string]struct {
		from            fs.FS
		libraries, page string
		not             string
	}{
		"nothing was built":    {built(), Public, `{"preact":"` + public + `"}`, "/console/lib/"},
		"npm's files are here": {built("lib/preact@1.0.0/preact.mjs"), Local, `{"preact":"/console/lib/preact@1.0.0/preact.mjs"}`, "https://"},
		"one is another":       {changed, Public, public, "/console/lib/"},
		"the bundle is here":   {bundled(), Bundled, "", "importmap"},
		"and is of other code": {stale, Public, public, "/console/lib/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served := open(t, c.from)
			page := get(t, served, "/console")
			if served.Libraries != c.libraries || !strings.Contains(page.Body.String(), c.page) ||
				strings.Contains(page.Body.String(), c.not) {
				t.Errorf("%s: %s", served.Libraries, page.Body)
			}
			policy := page.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'self'; ") || strings.Contains(policy, "unsafe") ||
				strings.Contains(policy, public) != (c.libraries == Public) {
				t.Error(policy)
			}
			if says := strings.Contains(page.Body.String(), "make console"); says != (c.libraries == Public) {
				t.Errorf("it says what to run: %t", says)
			}
		})
	}
}

var loaded = regexp.MustCompile(`(?:src|href)="(/console/[^"]+)"`)

func TestFilesAreKeptForEverAndThePageIsNot(t *testing.T) {
	t.Parallel()
	c := open(t, files)
	for _, address := range []string{"/console", "/console/projects/1", "/accounts/1/projects/2/edit"} {
		page := get(t, c, address)
		if page.Code != http.StatusOK || page.Header().Get("Cache-Control") != "no-store" ||
			page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: HTTP %d, %v", address, page.Code, page.Header())
		}
	}
	found := loaded.FindAllStringSubmatch(get(t, c, "/console").Body.String(), -1)
	if len(found) < 3 {
		t.Fatalf("the page loads %v", found)
	}
	for _, match := range found {
		file := get(t, c, match[1])
		if file.Code != http.StatusOK || !strings.Contains(file.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: HTTP %d, %v", match[1], file.Code, file.Header())
		}
	}
	for _, address := range []string{"/console/assets/nothing.js", "/console/lib/.gitkeep", "/console/lib/nothing"} {
		if got := get(t, c, address).Code; got != http.StatusNotFound {
			t.Errorf("%s: HTTP %d", address, got)
		}
	}
}

func TestFilesAreSentCompressedWhereTheyMayBe(t *testing.T) {
	t.Parallel()
	c := open(t, files)
	script := regexp.MustCompile(`href="([^"]+console\.css)"`).FindStringSubmatch(get(t, c, "/console").Body.String())[1]
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, script, nil)
	request.Header.Set("Accept-Encoding", "gzip, br")
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, request)
	if rec.Header().Get("Content-Encoding") != "gzip" || rec.Body.Len() >= get(t, c, script).Body.Len() {
		t.Errorf("%v, %d bytes", rec.Header(), rec.Body.Len())
	}
}

// installed is what npm writes when all is there.
const installed = "../node_modules/.package-lock.json"

// What is committed and what it is made of must not come apart, nor may code of others come into it.
func TestTheCommittedCodeIsWhatTheSourcesGive(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(installed); err != nil {
		t.Skip("there are no npm packages: make console")
	}
	out := t.TempDir()
	for _, script := range [][]string{
		{"../node_modules/.bin/vite", "build", "--outDir", out, "--logLevel", "error"}, {"node", "libraries.mjs", out},
	} {
		if text, err := exec.CommandContext(t.Context(), script[0], script[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", script, err, text)
		}
	}
	want, got := contents(t, out), contents(t, "dist")
	for name, text := range want {
		if got[name] != text {
			t.Errorf("console/dist/%s is not what the sources give: make console, and commit it", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("console/dist/%s is made of no source any more", name)
	}
}

func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", folder, names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = string(text)
	}
	return all
}

// What the README says that a page weighs at most, and all of them together.
var limit = regexp.MustCompile(`at most (\d+) kB(?s:.*)less than (\d+) kB`)

// The README says what the page may weigh, and this holds it to that.
func TestTheBundleIsAsSmallAsTheReadmeSays(t *testing.T) {
	t.Parallel()
	c := open(t, files)
	if c.Libraries != Bundled {
		t.Skip("there is no bundle of this code: make console")
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var most, mostOfAll int
	said := limit.FindSubmatch(text)
	if err := errors.Join(json.Unmarshal(said[1], &most), json.Unmarshal(said[2], &mostOfAll)); err != nil {
		t.Fatal(err)
	}
	built, all := map[string]asset{}, 0
	for name, asset := range c.assets {
		t.Logf("%6d %s", len(asset.compressed), filepath.Base(name))
		if built[filepath.Base(name)] = asset; filepath.Base(name) != "de.js" {
			all += len(asset.compressed)
		}
	}
	if t.Logf("%6d in all", all); all > mostOfAll*1000 {
		t.Errorf("all of it together is %d bytes, compressed; at most %d kB are allowed", all, mostOfAll)
	}
	pages, err := filepath.Glob("src/pages/*.tsx")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".tsx") + ".js"
		total := 0
		for needed := range imports(built, "console.js", name, "console.css", "icon.svg") {
			total += len(built[needed].compressed)
		}
		if t.Logf("%6d in all for %s", total, name); total > most*1000 {
			t.Errorf("%s loads %d bytes, compressed; at most %d kB are allowed", name, total, most)
		}
	}
}

var imported = regexp.MustCompile(`(?:from|import)\s*["']\./([\w-]+\.js)["']`)

// imports are files with all that they import at once, which is not what they load when it is needed.
func imports(all map[string]asset, names ...string) map[string]bool {
	found := map[string]bool{}
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		if found[name] {
			continue
		}
		found[name] = true
		for _, match := range imported.FindAllSubmatch(all[name].content, -1) {
			names = append(names, string(match[1]))
		}
	}
	return found
}

// Where nothing was built, the browser takes the libraries from the CDN and from nowhere else; where it cannot, the page
// says what to run.
func TestThePageComesWithTheCDNAndSaysSoWithoutIt(t *testing.T) {
	t.Parallel()
	for _, needed := range []string{installed, "/usr/bin/chromium"} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("%s is not there: make console, apt-get install chromium", needed)
		}
	}
	bare := fstest.MapFS{"icon.svg": {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")}, "embed.js": {}}
	for name, text := range contents(t, "dist") {
		bare["dist/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	c := open(t, bare)
	server := httptest.NewServer(c)
	defer server.Close()
	command := exec.CommandContext(t.Context(), "node", "test/cdn.mjs", server.URL)
	if text, err := command.CombinedOutput(); err != nil || c.Libraries != Public {
		t.Errorf("%s: %v\n%s", c.Libraries, err, text)
	}
}
