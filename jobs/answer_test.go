package jobs

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/run"
	"github.com/ringback/ringback/models/tenant"
)

// oddAnswers are URLs of receivers that answer with no status that can be, by what they write.
func oddAnswers(t *testing.T) (urls map[string]string, out *egress.Client) {
	t.Helper()
	urls = map[string]string{}
	for _, status := range []string{"000 X", "99", "600 X", "999 X", "-01 X", "+20 X", "1000 X", "X"} {
		urls["HTTP/1.1 "+status] = egresstest.HTTP1(t, egresstest.Text("HTTP/1.1 "+status+"\r\nContent-Length: 2\r\n\r\n{}"))
	}
	cfg := egress.Config{
		AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: modelstest.Patience,
	}
	for _, status := range []string{"0", "-1", "99", "600", "2147483648", "abc"} {
		urls[":status "+status], cfg.RootCAs = egresstest.HTTP2(t, egresstest.Answer(status)) // all have the same certificate
	}
	out = egress.New(cfg)
	t.Cleanup(out.CloseIdle)
	return urls, out
}

func TestAnswerWithoutAStatusIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	urls, out := oddAnswers(t)
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, callback.Schedule{}, answer(200))
			c := w.newCallback(t)
			w.setURL(t, &url)
			d := newDeliverer(t, w)
			d.client = out
			deliver(t.Context(), t, w, d, c.ID)
			got, a := w.callback(t, c.ID), w.attempts(t, c.ID)[0]
			if got.Status != callback.StatusFailed || a.HTTPStatus != nil || a.Error == nil ||
				a.Error.Code != callback.MalformedResponse {
				t.Errorf("the callback is %s, the attempt %+v, %+v", got.Status, a, a.Error)
			}
		})
	}
}

func TestExecutorsAnswerWithoutAStatusIsAFailedCall(t *testing.T) {
	t.Parallel()
	urls, out := oddAnswers(t)
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, callback.Schedule{}, http.NotFound)
			e, x := newExecution(t, w, url, out)
			e.execute(t.Context(), x, func(answer scheduler.Answer) {
				if answer.Kind == scheduler.Arrived {
					t.Error("it counts as an answer")
				}
			})
			if a := x.Attempt; a.HTTPStatus != nil || a.Error == nil || a.Error.Code != callback.MalformedResponse ||
				x.Batch.FailureCount != 1 {
				t.Errorf("the batch %+v, the call %+v, %+v", x.Batch, a, a.Error)
			}
		})
	}
}

// newExecution is a call of an executor that is due.
func newExecution(t *testing.T, w *world, url string, out *egress.Client) (*executor, *run.Execution) {
	t.Helper()
	ctx, platform := t.Context(), models.PlatformActor()
	action := must[*run.Action](t)(w.CreateAction(ctx, platform, testAccount, "search",
		run.ActionSettings{Executor: models.EndpointUpdate{URL: models.Given(&url)}}))
	_, err := w.CreateRun(ctx, platform, run.NewRun{
		ProjectID: testProject, Action: "search", Inputs: []run.NewInput{{Input: json.RawMessage(`{}`)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	claimed, _, _, err := w.Executions.Claim(ctx, modelstest.Limit(action.Lane(), 1))
	x := must[[]*run.Execution](t)(claimed, err)[0]
	d := newDeliverer(t, w)
	return &executor{
		service: w.Service, runs: w.Executions, client: out, metrics: d.metrics, log: d.log, userAgent: d.userAgent,
	}, x
}

// inGzip answers with a compressed body, in windows-1251.
func inGzip(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=windows-1251")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(charmap.Windows1251.NewEncoder().Writer(z), text)
		_ = z.Close()
	}
}

func TestHistoryHasADecodedAnswerWithoutTheSecretInIt(t *testing.T) {
	t.Parallel()
	const secret = "SECRET/VALUE"
	w := newWorld(t, nil, callback.Schedule{}, inGzip(`{"ответ":"принято","вы прислали":"SECRET\/VALUE"}`))
	must[tenant.Configured](t)(w.UpdateProject(t.Context(), models.PlatformActor(), tenant.ProjectUpdate{
		ProjectID: testProject,
		Callback: models.EndpointUpdate{
			Headers: models.Given([]models.Header{{Key: "Cookie", Value: "session=" + secret + "; a=b"}}),
		},
	}))
	c := w.newCallback(t)
	deliver(t.Context(), t, w, newDeliverer(t, w), c.ID)
	a := w.attempts(t, c.ID)[0]
	texts := must[map[int64]string](t)(
		w.wiring.Store.Texts(t.Context(), models.PlatformActor().Scope(models.RoleViewer), models.ResponseBodyText, a.ID),
	)
	if got, want := texts[a.ID], `{"ответ":"принято","вы прислали":"`+models.Masked+`"}`; got != want {
		t.Errorf("the history has %q, want %q", got, want)
	}
}

func TestExecutorMayCompressItsAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, callback.Schedule{}, inGzip(`{"results":["ответ"]}`))
	e, x := newExecution(t, w, w.url, newOut(t))
	e.execute(t.Context(), x, func(scheduler.Answer) {})
	if string(x.Batch.Results) != `["ответ"]` {
		t.Errorf("the batch is %+v with %s, %+v", x.Batch, x.Batch.Results, x.Batch.Error)
	}
}

func TestExecutorsAnswerIsBoundedDecompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(
		t, nil, callback.Schedule{}, inGzip(`{"results":["`+strings.Repeat("0", run.MaxExecutorAnswerBytes)+`"]}`),
	)
	e, x := newExecution(t, w, w.url, newOut(t))
	e.execute(t.Context(), x, func(scheduler.Answer) {})
	if a := x.Attempt; a.Error == nil || a.Error.Code != callback.ResponseTooLarge || x.Batch.Status != run.Failed {
		t.Errorf("the batch is %+v, the call %+v", x.Batch, a.Error)
	}
}
