package jobs

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

// TestTheDoctorTriesWhatAReceiverShouldNotTake: always both, whatever becomes of the first.
func TestTheDoctorTriesWhatAReceiverShouldNotTake(t *testing.T) {
	t.Parallel()
	type verify = func(w *standardwebhooks.Webhook, body []byte, h http.Header) error
	answers := func(n int) verify { // to the request of a number something else
		return func(_ *standardwebhooks.Webhook, _ []byte, h http.Header) error {
			if h.Get("X-Callback-Attempt") == strconv.Itoa(n) {
				return http.ErrNotSupported
			}
			return nil
		}
	}
	hangs := func(w *standardwebhooks.Webhook, body []byte, h http.Header) error {
		if w.VerifyIgnoringTimestamp(body, h) != nil {
			return http.ErrHandlerTimeout
		}
		return nil
	}
	for name, tt := range map[string]struct {
		verify  verify
		letters string
		says    []string
		remedy  string
	}{
		"takes all": {
			func(*standardwebhooks.Webhook, []byte, http.Header) error { return nil }, "WSOOSOW",
			[]string{"it does not check signatures", "took a request with a wrong signature (status 200)", "took one that was signed a day ago"},
			"webhook-signature, and with it webhook-timestamp",
		},
		"takes old": {
			(*standardwebhooks.Webhook).VerifyIgnoringTimestamp, "WSOOSOW",
			[]string{"refused a request with a wrong signature (status 401)", "took one that was signed a day ago (status 200)"},
			"webhook-timestamp",
		},
		"takes forged": {
			answers(3), "WSOOSOW",
			[]string{"took a request with a wrong signature (status 200)", "refused one that was signed a day ago (status 401)"},
			"webhook-signature",
		},
		"takes neither": {(*standardwebhooks.Webhook).Verify, "WSOOSOO", []string{"refused a request", "refused one"}, ""},
		"hangs, and takes old": {
			hangs, "WSOOSOW",
			[]string{"whether it takes a request with a wrong signature is not known", "took one that was signed a day ago"},
			"webhook-timestamp",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			refs := make(chan string, 3)
			var referee *standardwebhooks.Webhook
			w := newWorld(t, nil, nil, func(rw http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				body, _ := io.ReadAll(r.Body)
				refs <- r.Header.Get("Webhook-Id") + " " + r.Header.Get("X-Callback-Attempt") + " " + r.Header.Get("X-Run-Callback")
				switch err := tt.verify(referee, body, r.Header); {
				case errors.Is(err, http.ErrHandlerTimeout):
					<-r.Context().Done()
				case err != nil:
					rw.WriteHeader(http.StatusUnauthorized)
				}
				if !bytes.HasPrefix(body, []byte("message=test&")) || r.Header.Get("X-Callback-Test") != "true" {
					t.Errorf("%v %s", r.Header, body)
				}
			})
			secrets := must[map[int64][]*tenant.SigningSecret](t)(
				w.ProjectSigningSecrets(t.Context(), models.PlatformActor(), testProject))
			referee = must[*standardwebhooks.Webhook](t)(standardwebhooks.NewWebhook(secrets[testProject][0].Secret.Reveal()))
			newTestDoctor(t, w, nil).atWork(t)
			d := w.diagnose(t, true)
			for _, says := range tt.says {
				if !strings.Contains(d.Steps[6].Detail, says) {
					t.Errorf("%q does not say %q", d.Steps[6].Detail, says)
				}
			}
			wantDiagnosis(t, d, tt.letters, "", tt.remedy)
			if d.Status() == receiver.DiagnosisFailed || requests.Load() != 3 {
				t.Fatalf("%s after %d requests", d.Status(), requests.Load())
			}
			known := map[string]bool{}
			for i := range 3 {
				ref, rest, _ := strings.Cut(<-refs, " ")
				if known[ref] || rest != string(rune('1'+i))+" "+d.UID.String() {
					t.Errorf("request %d: %s %s", i+1, ref, rest)
				}
				known[ref] = true
			}
		})
	}
}

// TestTheDoctorLeavesTimeForTheOldRequest: a receiver that keeps silent at a wrong signature does not use up all of it.
func TestTheDoctorLeavesTimeForTheOldRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("X-Callback-Attempt") == "2" {
			<-r.Context().Done()
		}
	})
	d, taken := w.hurriedDoctor(t, 4*time.Second)
	d.examine(t.Context(), taken)
	wantDiagnosis(t, taken.Diagnosis, "WSOOSOW", "took one that was signed a day ago", "webhook-timestamp")
}
