package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The scenes of the demo about what to do when a receiver fails.

func (d *demo) diagnose(ctx context.Context) error {
	d.title("The integrator asks what is wrong with it: each step of the way, and what to do")
	type step struct{ Name, Status, Remedy string }
	type diagnosed struct {
		DiagnoseReceiver struct {
			Diagnosis struct {
				Status string
				Steps  []step
			}
		}
	}
	got, err := answerOf[diagnosed](ctx, d, d.user, fmt.Sprintf(
		`mutation { diagnoseReceiver(input: {projectId: %d}) { diagnosis { status steps { name status detail remedy } } } }`,
		demoOtherProjectID))
	if err != nil {
		return err
	}
	diagnosis := got.DiagnoseReceiver.Diagnosis
	found := slices.ContainsFunc(diagnosis.Steps, func(s step) bool { return s.Status == "FAILED" && s.Remedy != "" })
	if diagnosis.Status != "FAILED" || !found {
		return fmt.Errorf("the diagnosis finds nothing wrong with a broken receiver: %+v", diagnosis)
	}
	return d.expect(ctx, "/broken", "message=test")
}

func (d *demo) mend(ctx context.Context) error {
	d.title("It names another URL, where the callback that waits goes at once")
	err := errors.Join(
		d.query(ctx, d.user, fmt.Sprintf(
			`mutation { updateProject(input: {projectId: %d, apiCallbackUrl: %q}) { project { id } movedCallbacks } }`,
			demoOtherProjectID, d.receiver.url("/mended"))),
		d.query(ctx, d.user, fmt.Sprintf(
			`mutation { retryCallback(input: {uid: %q}) { callback { status } } }`, d.failed)))
	if err != nil {
		return err
	}
	return d.expect(ctx, "/mended", "crawl_id=124235")
}

func (d *demo) replay(ctx context.Context) error {
	d.title("Its receiver was gone while two crawls finished; it is back, and all that failed is replayed")
	setURL := `mutation { updateProject(input: {projectId: %d, apiCallbackUrl: %q}) { project { id } } }`
	err := d.query(ctx, d.user, fmt.Sprintf(setURL, demoProjectID, d.receiver.url("/gone")))
	for _, crawlID := range []int{124236, 124237} {
		if err != nil {
			return err
		}
		err = d.query(ctx, d.platform, fmt.Sprintf(
			`mutation { finishCrawl(input: {crawlId: %d, projectId: %d}) { callback { uid status } } }`, crawlID, demoProjectID))
		if err == nil {
			err = d.expect(ctx, "/gone", fmt.Sprintf("crawl_id=%d", crawlID))
		}
		if err == nil {
			err = d.expect(ctx, "/sso", `"willRetry":false`)
		}
	}
	if err != nil {
		return err
	}
	type began struct {
		ReplayCallbacks struct{ BulkReplay struct{ ID string } }
	}
	if err := d.query(ctx, d.user, fmt.Sprintf(setURL, demoProjectID, d.receiver.url("/hook"))); err != nil {
		return err
	}
	got, err := answerOf[began](ctx, d, d.user, fmt.Sprintf(
		`mutation { replayCallbacks(input: {owner: {projectId: %d}, filter: {status: [FAILED]}}) { bulkReplay { id status } } }`,
		demoProjectID))
	if err != nil {
		return err
	}
	if err := d.expect(ctx, "/hook", "crawl_id=124236", "crawl_id=124237"); err != nil {
		return err
	}
	return d.replayed(ctx, got.ReplayCallbacks.BulkReplay.ID)
}

// replayed waits until a bulk replay has counted its two callbacks.
func (d *demo) replayed(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, demoTimeout)
	defer cancel()
	type bulkReplay struct {
		Status             string
		Matched, Succeeded int
	}
	for {
		got, err := answerOf[struct{ Node bulkReplay }](ctx, d, d.user, fmt.Sprintf(
			`{ node(id: %q) { ... on BulkReplay { status matched succeeded } } }`, id))
		if err != nil {
			return err
		}
		if got.Node == (bulkReplay{"FINISHED", 2, 2}) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("the bulk replay does not end")
		case <-time.After(500 * time.Millisecond):
		}
	}
}
