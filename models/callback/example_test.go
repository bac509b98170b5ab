package callback_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/tenant"
)

// All events. A new one is a row in the table events, and stands here.
func ExampleEventNames() {
	for _, name := range callback.EventNames() {
		if strings.HasPrefix(string(name), "RUN_") {
			fmt.Println(name)
		}
	}
	// Output:
	// RUN_BATCH_FINISHED
	// RUN_FINISHED
	// RUN_RESULT
}

// TestExampleOfAnEvent is one to begin from. It raises an event of a crawl as a source does, and sends the callback as
// a worker does; the world has a database and a tenant of its own, and a clock that is moved by hand.
func TestExampleOfAnEvent(t *testing.T) {
	t.Parallel()
	w := modelstest.NewWorld(t)
	crawl := w.NewCrawl(4711, nil)
	happened := callback.Occasion{
		// its row in the table events says where it goes, and what counts as success
		Event:     callback.CrawlFinishedEvent,
		DedupKey:  "crawl-archived:4711",                 // what happened to what: it happens once
		ProjectID: w.Shop.ID,                             // whose URL it is
		Source:    callback.Source{Of: crawl.ObjectID()}, // what it tells of: lists, replays and notices go by that
		Render: func(e callback.Envelope) ([]byte, error) { // once: all attempts and replays send these bytes
			return fmt.Appendf(nil, "crawl_id=%d&project=%s", crawl.ID, e.Project.Name), nil
		},
	}

	// In the transaction that makes it happen: both are there, or neither.
	var raised *callback.Callback
	raise := func() error {
		return w.Store.Transaction(t.Context(), func(tx *store.Store) (err error) {
			raised, err = w.Raise(t.Context(), tx, happened)
			return err
		})
	}
	modelstest.NoError(t, raise())
	w.Wake(t.Context(), raised) // after the commit, which is when a worker can see it
	if woken := w.Queue.Take(); len(woken) != 1 || woken[0].Lane != w.Lane(modelstest.ProjectHost) {
		t.Errorf("woken are %+v", woken)
	}

	// The receiver fails, and is asked again when the schedule says. Nothing sleeps: Deliver moves the clock.
	modelstest.WantStatus(t, w.Deliver(raised.ID, modelstest.Answered(503)), callback.StatusPending)
	sent := w.Deliver(raised.ID, modelstest.Answered(200))
	modelstest.WantStatus(t, sent, callback.StatusSuccess)
	if got := string(sent.Body); got != "crawl_id=4711&project=Shop" {
		t.Errorf("the receiver got %s", got)
	}

	// Told again it is the same event.
	if err := raise(); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("the second time: %v", err)
	}
}

// A receiver checks who sent the callback, and does its work once, however often the callback comes.
func ExampleSign() {
	secret := models.Secret("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	referee, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		fmt.Println(err)
		return
	}
	done := map[string]bool{} // in a database, where there is more than one process
	receiver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || referee.Verify(body, r.Header) != nil {
			http.Error(w, "not signed", http.StatusBadRequest)
			return
		}
		if ref := r.Header.Get("X-Callback-Ref"); !done[ref] {
			done[ref] = true
			fmt.Printf("work: %s\n", body)
		}
		w.WriteHeader(http.StatusNoContent) // within 30 s, or it comes again
	})

	body := []byte("message=crawl_status&crawl_id=124234")
	now := time.Now()
	signature, err := callback.Sign([]*tenant.SigningSecret{{Secret: secret}}, "ref-1", now, body)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, says := range []string{signature, signature, "v1,forged"} {
		request := httptest.NewRequest(http.MethodPost, "/hook", bytes.NewReader(body))
		for name, value := range map[string]string{
			"X-Callback-Ref": "ref-1", "webhook-id": "ref-1", "webhook-timestamp": strconv.FormatInt(now.Unix(), 10),
			"webhook-signature": says,
		} {
			request.Header.Set(name, value)
		}
		answer := httptest.NewRecorder()
		receiver.ServeHTTP(answer, request)
		fmt.Println(answer.Code)
	}
	// Output:
	// work: message=crawl_status&crawl_id=124234
	// 204
	// 204
	// 400
}
