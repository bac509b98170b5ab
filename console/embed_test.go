package console

import (
	"net/http"
	"strings"
	"testing"
)

func TestPagesOfTheOriginsAloneMayShowIt(t *testing.T) {
	t.Parallel()
	const origins = "https://app.example http://127.0.0.1:5173"
	c := open(t, bundled())
	for _, address := range []string{"/console/embed", "/console/embed/projects/1", "/console/embed/projects/1/runs"} {
		page := get(t, c, address)
		if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors "+origins+";") ||
			!strings.HasPrefix(policy, "default-src 'self'; ") {
			t.Errorf("%s: %s", address, policy)
		}
		if !strings.Contains(page.Body.String(), `<meta name="ringback-embed-origins" content="`+origins+`">`) {
			t.Errorf("%s: %s", address, page.Body)
		}
	}
	for _, address := range []string{"/console", "/console/projects/1", "/console/embedded", "/accounts/1/projects/2/edit"} {
		page := get(t, c, address)
		if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none';") {
			t.Errorf("%s: %s", address, policy)
		}
		if strings.Contains(page.Body.String(), "ringback-embed-origins") {
			t.Errorf("%s takes messages", address)
		}
	}
	none, err := newConsole(bundled(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if policy := get(t, none, "/console/embed").Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none';") {
		t.Errorf("nobody may: %s", policy)
	}
}

func TestTheFrameSaysWhatToRunWhereThereIsNoBundle(t *testing.T) {
	t.Parallel()
	for name, from := range map[string][]string{"nothing was built": nil, "npm's files are here": {"lib/preact@1.0.0/preact.mjs"}} {
		page := get(t, open(t, built(from...)), "/console/embed/projects/1")
		if text := page.Body.String(); page.Code != http.StatusOK || !strings.Contains(text, "make console") || strings.Contains(text, "<script") {
			t.Errorf("%s: HTTP %d: %s", name, page.Code, text)
		}
	}
}

func TestOtherPagesLoadTheElement(t *testing.T) {
	t.Parallel()
	script := get(t, open(t, files), "/console/embed.js")
	if script.Code != http.StatusOK || !strings.Contains(script.Body.String(), "customElements.define('ringback-callbacks'") ||
		script.Header().Get("Access-Control-Allow-Origin") != "*" || strings.Contains(script.Header().Get("Cache-Control"), "immutable") ||
		!strings.HasPrefix(script.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("HTTP %d: %v", script.Code, script.Header())
	}
}
