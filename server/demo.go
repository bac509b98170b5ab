package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// demoTimeout is how long the demo waits for a callback; one takes milliseconds.
const demoTimeout = 15 * time.Second

type demoCommand struct{}

// Run shows the main job end to end. It fails unless everything was really received.
func (demoCommand) Run(e *environment) error {
	folder, err := os.MkdirTemp("", "ringback-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	cfg, err := parseConfig([]string{
		"RINGBACK_ADDR=127.0.0.1:0", "RINGBACK_DATA_DIR=" + folder,
		"RINGBACK_RETRY_SCHEDULE=5m,30m", // a retry by itself would come into another scene, or not: it is asked for
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	s, err := openServer(ctx, cfg, roleAll, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.run(ctx) }()
	err = showDemo(ctx, e.stdout, s)
	cancel()
	return errors.Join(err, <-stopped)
}

// showDemo plays the scenes against a running server.
func showDemo(ctx context.Context, w io.Writer, s *server) error {
	receiver, err := startReceiver(ctx, "127.0.0.1:0", map[string]int{
		"/hook": http.StatusOK, "/runs": http.StatusOK, "/jobs/": http.StatusOK, "/sso": http.StatusOK,
		"/broken": http.StatusInternalServerError, "/mended": http.StatusOK, "/gone": http.StatusGone,
	})
	if err != nil {
		return err
	}
	defer receiver.close()
	d := &demo{
		out: w, receiver: receiver, endpoint: "http://" + s.listener.Addr().String() + "/graphql",
		user:     http.Header{"X-Auth-Token": {s.firstStart.session.Token.Reveal()}},
		platform: http.Header{"X-Api-Key": {s.firstStart.platformKey.Reveal()}},
	}
	for _, scene := range []func(context.Context) error{
		d.configure, d.sendTest, d.crawlFinished, d.reportGenerated, d.runAction, d.resolveJob, d.receiverFails, d.diagnose,
		d.mend, d.replay, d.history,
	} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintln(w, "\nEvery callback above was really sent and received. Next: go run ./server")
	return nil
}

type demo struct {
	out            io.Writer
	receiver       *receiver
	endpoint       string
	user, platform http.Header
	failed         string // the uid of the callback that the broken receiver got
}

func (d *demo) title(format string, args ...any) { fmt.Fprintf(d.out, "\n— "+format+"\n", args...) }

func (d *demo) configure(ctx context.Context) error {
	d.title("An integrator says where the callbacks of project %d go", demoProjectID)
	return d.query(ctx, d.user, fmt.Sprintf(
		`mutation { updateProject(input: {projectId: %d, apiCallbackUrl: %q, `+
			`apiCallbackHeaders: [{key: "Authorization", value: "Bearer demo"}]}) `+
			`{ project { id effectiveApiCallback { url source } } } }`, demoProjectID, d.receiver.url("/hook")))
}

func (d *demo) sendTest(ctx context.Context) error {
	d.title("Sends a test there, and sees what the receiver answers")
	type sent struct {
		SendTestCallback struct{ Attempt *struct{ HTTPStatus int } }
	}
	got, err := answerOf[sent](ctx, d, d.user, fmt.Sprintf(
		`mutation { sendTestCallback(input: {projectId: %d}) { callback { event status } attempt { httpStatus durationMs } } }`, demoProjectID))
	if err != nil {
		return err
	}
	if attempt := got.SendTestCallback.Attempt; attempt == nil || attempt.HTTPStatus != http.StatusOK {
		return fmt.Errorf("the test came to nothing: %+v", attempt)
	}
	return d.expect(ctx, "/hook", "message=test")
}

func (d *demo) crawlFinished(ctx context.Context) error {
	d.title("The platform says that crawl 124234 has finished, and the receiver gets")
	err := d.query(ctx, d.platform, fmt.Sprintf(
		`mutation { finishCrawl(input: {crawlId: 124234, projectId: %d, createdByUserId: %d}) { callback { uid status } } }`,
		demoProjectID, demoUserID))
	if err != nil {
		return err
	}
	return d.expect(ctx, "/hook", "message=crawl_status")
}

func (d *demo) reportGenerated(ctx context.Context) error {
	d.title("A report of that crawl is ready, and the receiver gets")
	err := d.query(ctx, d.platform, `mutation { finishReportDownload(input: {reportDownloadId: 567890, crawlId: 124234, `+
		`reportTemplateCode: "all_pages", fileUrl: "https://files.example.com/567890.zip"}) { callback { uid status } } }`)
	if err != nil {
		return err
	}
	return d.expect(ctx, "/hook", "message=report_download_available")
}

func (d *demo) runAction(ctx context.Context) error {
	d.title("The platform names a plain endpoint of its own, and a customer runs it in the background: two pages, then " +
		"the end")
	err := errors.Join(
		d.query(ctx, d.platform, fmt.Sprintf(
			`mutation { createAction(input: {accountId: %d, name: "search", executorUrl: %q, pageSize: 2}) { action { name } } }`,
			demoAccountID, d.receiver.url(executorPath))),
		d.query(ctx, d.user, fmt.Sprintf(
			`mutation { createRun(input: {projectId: %d, action: "search", inputs: [{company: "Acme", customData: {row: 7}}], `+
				`parameters: {maxResults: 4}, callback: {url: %q}}) { run { uid status batchCount } status message } }`,
			demoProjectID, d.receiver.url("/runs"))))
	if err != nil {
		return err
	}
	return d.expect(ctx, "/runs", `"number":1`, `"number":3`, `"status":"SUCCEEDED"`)
}

func (d *demo) resolveJob(ctx context.Context) error {
	d.title("A customer hands in a job, the platform resolves it")
	err := d.query(ctx, d.user, fmt.Sprintf(
		`mutation { createJobs(input: {projectId: %d, inputs: [{image: "cat.png"}], callbackUrl: %q}) { jobs { id rawID uuid state } } }`,
		demoProjectID, d.receiver.url("/jobs/")))
	if err == nil {
		err = d.query(ctx, d.platform,
			`mutation { updateJob(input: {jobId: 1, action: RESOLVED, state: COMPLETED, output: {label: "cat"}}) { job { state } } }`)
	}
	if err != nil {
		return err
	}
	return d.expect(ctx, "/jobs/", `"action":"RESOLVED"`)
}

func (d *demo) receiverFails(ctx context.Context) error {
	d.title("Another receiver answers 500, so the SSO partner's webhook hears of it at once")
	type finished struct {
		FinishCrawl struct{ Callback struct{ UID string } }
	}
	err := errors.Join(
		d.query(ctx, d.platform, fmt.Sprintf(
			`mutation { updateSSOClient(input: {ssoClientId: %d, webhookUrl: %q}) { ssoClient { name webhookUrl } } }`,
			demoSSOClientID, d.receiver.url("/sso"))),
		d.query(ctx, d.user, fmt.Sprintf(
			`mutation { updateProject(input: {projectId: %d, apiCallbackUrl: %q}) { project { id } } }`,
			demoOtherProjectID, d.receiver.url("/broken"))))
	if err != nil {
		return err
	}
	got, err := answerOf[finished](ctx, d, d.platform, fmt.Sprintf(
		`mutation { finishCrawl(input: {crawlId: 124235, projectId: %d, createdByUserId: %d}) { callback { uid status } } }`,
		demoOtherProjectID, demoUserID))
	if err != nil {
		return err
	}
	d.failed = got.FinishCrawl.Callback.UID
	return errors.Join(d.expect(ctx, "/broken", "crawl_id=124235"), d.expect(ctx, "/sso", `"eventType":"callback-failed"`))
}

func (d *demo) history(ctx context.Context) error {
	d.title("And the history says what became of everything")
	return d.query(ctx, d.user, fmt.Sprintf(
		`{ getAccount(id: %d) { callbacks { totalCount nodes { event status httpStatus attemptCount nextAttemptAt error { code message } } } } }`,
		demoAccountID))
}

// query prints an operation and its answer; an answer with errors is an error.
func (d *demo) query(ctx context.Context, credentials http.Header, query string) error {
	_, err := answerOf[any](ctx, d, credentials, query)
	return err
}

// answerOf is query that reads the answer's data.
func answerOf[T any](ctx context.Context, d *demo, credentials http.Header, query string) (data T, err error) {
	fmt.Fprintln(d.out, "  "+query)
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return data, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.endpoint, bytes.NewReader(body))
	if err != nil {
		return data, err
	}
	request.Header = credentials.Clone()
	request.Header.Set("Content-Type", "application/json")
	response, err := (&http.Client{Timeout: demoTimeout}).Do(request)
	if err != nil {
		return data, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return data, err
	}
	fmt.Fprintf(d.out, "  → %s\n", text)
	var answer struct {
		Data   T
		Errors []any
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return data, err
	}
	if len(answer.Errors) > 0 {
		return data, fmt.Errorf("the API answered with errors: %v", answer.Errors)
	}
	return answer.Data, nil
}

// expect waits for requests to a path, prints them, and checks that each, in any order, has one of the fragments.
func (d *demo) expect(ctx context.Context, path string, fragments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, demoTimeout)
	defer cancel()
	for len(fragments) > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("nothing with %q arrived at %s within %s", fragments, path, demoTimeout)
		case got := <-d.receiver.requests:
			got.print(d.out)
			i := slices.IndexFunc(fragments, func(f string) bool { return strings.Contains(got.body, f) })
			if got.path != path || i < 0 {
				return fmt.Errorf("what arrived, at %s, is not a request to %s with one of %q", got.path, path, fragments)
			}
			fragments = slices.Delete(fragments, i, i+1)
		}
	}
	return nil
}
