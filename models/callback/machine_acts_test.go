package callback_test

import (
	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
)

// cancel ends one that waits.
func (m *machine) cancel(r *rapid.T) {
	c := pick(r, m.all, "callback")
	var want models.Code
	switch {
	case c.gone:
		want = models.CodeNotFound
	case c.Status == callback.StatusRunning, c.Status.Ended() && !c.unwanted:
		want = models.CodeConflict
	}
	_, err := m.w.Cancel(m.w.T.Context(), m.w.Editor, callback.Which{ID: c.id})
	m.refused(err, want)
	if want == "" && !c.unwanted {
		c.unwanted = true
		m.ends(c, callback.StatusFailed, callback.Cancelled)
	}
}

// retry makes one due that waits.
func (m *machine) retry(r *rapid.T) {
	c := pick(r, m.all, "callback")
	var want models.Code
	switch {
	case c.gone:
		want = models.CodeNotFound
	case !m.waits(c):
		want = models.CodeConflict
	}
	_, err := m.w.RetryCallback(m.w.T.Context(), m.w.Editor, callback.Which{ID: c.id})
	if want == "" && models.ErrorCode(err) == models.CodeRateLimited {
		return
	}
	m.refused(err, want)
	if want == "" {
		c.Due = min(c.Due, m.now())
	}
}

// refused checks that somebody was, with a code; empty: was not.
func (m *machine) refused(err error, want models.Code) {
	if want == "" {
		modelstest.NoError(m.w.T, err)
	} else if err == nil || models.ErrorCode(err) != want {
		m.w.T.Fatalf("got %v, want %s", err, want)
	}
}
