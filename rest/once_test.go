package rest_test

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
)

// keyed is the caller with an idempotency key.
func (c caller) keyed(key string) caller {
	c = maps.Clone(c)
	c["Idempotency-Key"] = key
	return c
}

func TestSameRequestIsSpelledInAnyWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.session(editorUser).of(thisProject).keyed("k")
	first := w.ok(who, http.MethodPost, asyncPath, `{"inputs": [{"a": 1, "b": "é"}], "callback": {"url": "https://a.example.com/"}}`)
	second := w.ok(who, http.MethodPost, asyncPath, `{"callback":{"url":"https:\/\/a.example.com\/"},"inputs":[{"b":"\u00e9","a":1}]}`)
	if second.text("run_uid") != first.text("run_uid") {
		t.Errorf("%s\n%s", first.Body, second.Body)
	}
}

// TestSameRequestNamesItsProjectInAnyWay, or not, with a key that says it.
func TestSameRequestNamesItsProjectInAnyWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const body = `{"inputs": [{"a": 1}], "callbackUrl": "https://a.example.com/"}`
	key := w.key(project)
	for name, callers := range map[string][]caller{
		"a session":       {w.session(editorUser).of(thisProject), w.session(editorUser).of("123")},
		"a project's key": {key, key.of(thisProject), key.of("123")},
	} {
		first := w.ok(callers[0].keyed(name), http.MethodPost, asyncPath, body)
		for _, who := range callers[1:] {
			if again := w.ok(who.keyed(name), http.MethodPost, asyncPath, body); again.text("run_uid") != first.text("run_uid") {
				t.Errorf("%s: %s\n%s", name, first.Body, again.Body)
			}
		}
	}
}

func TestSameRequestWithTheSameKeyMakesOneRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.session(editorUser).of(thisProject)
	const one = `{"inputs": [{"a": 1}], "callbackUrl": "https://a.example.com/"}`
	const other = `{"inputs": [{"a": 2}], "callbackUrl": "https://a.example.com/"}`
	for _, path := range []string{asyncPath, schedulePath, resolvePath} {
		one, other := one, other
		if path == schedulePath {
			one, other = `{"inputs": [{"a": 1}], "cron": "0 9 * * *"}`, `{"inputs": [{"a": 2}], "cron": "0 9 * * *"}`
		}
		first := w.ok(who.keyed("k"+path), http.MethodPost, path, one)
		w.queue.Take()
		if second := w.ok(who.keyed("k"+path), http.MethodPost, path, one); second.Body != first.Body {
			t.Errorf("%s: %s\n%s", path, first.Body, second.Body)
		}
		if woken := w.queue.Wakeups(); len(woken) != 0 {
			t.Errorf("%s: it began once more: %v", path, woken)
		}
		w.do(who.keyed("k"+path), http.MethodPost, path, other).wantError(http.StatusConflict, "CONFLICT", "Idempotency-Key")
	}
	first := w.ok(who.keyed("day"), http.MethodPost, asyncPath, one)
	w.clock.Advance(models.OnceTime + time.Second)
	if later := w.ok(who.keyed("day"), http.MethodPost, asyncPath, one); later.text("run_uid") == first.text("run_uid") {
		t.Error("a key is remembered for longer than a day")
	}
	w.do(who.keyed(""), http.MethodPost, asyncPath, one).wantError(http.StatusBadRequest, "BAD_INPUT", "Idempotency-Key")
}
