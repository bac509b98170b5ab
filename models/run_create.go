package models

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Limits of one run.
const (
	MaxRunInputs  = 1_000
	MaxRunResults = 100_000 // for each input
	// MaxRunBatches bounds what one request can set going: all pages of all inputs that are known at the start.
	MaxRunBatches = 10_000
	// MaxRunPages ends a run without maxResults whose executor always says that there is more.
	MaxRunPages = 1_000
)

// NewRun is the input of CreateRun.
type NewRun struct {
	ProjectID int64
	Action    string // by its name on the project's account
	// Inputs are JSON objects, 1 to 1,000.
	Inputs     []NewRunInput
	MaxResults *int // for each input, 1 to 100,000; nil: as many as there are, up to 1,000 pages
	PageSize   *int // 1 to 1,000; nil: the action's
	Callback   *NewRunCallback
	Schedule   *NewSchedule // nil: at once
}

// NewRunInput is one input with what the caller wants back beside each result.
type NewRunInput struct {
	Input, CustomData json.RawMessage
}

// NewRunCallback is where a run's callbacks go, and which. Without it: the project's URL, then the account's, and all.
type NewRunCallback struct {
	URL     string
	Headers []Header
	On      CallbackOn
}

// CreateRun sets an action to work, or makes the schedule that will, and answers at once; what comes of it is told by
// callbacks. Editor and up. BAD_USER_INPUT, with all that is wrong, also where the inputs with their custom data are more than MaxStoredBytes.
// LIMIT_REACHED where the account would have more schedules, open batches or stored bytes than its quotas let it have.
func (s *Service) CreateRun(ctx context.Context, actor *Actor, in NewRun) (*Run, error) {
	project, err := s.Project(ctx, actor, in.ProjectID)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(project.AccountID, project.ID, RoleEditor); err != nil {
		return nil, err
	}
	if !actionPattern.MatchString(in.Action) { // nor does every text fit into a statement
		return nil, NotFound(TypeAction)
	}
	action, err := s.store.ActionByName(ctx, project.AccountID, in.Action)
	if err != nil {
		return nil, err
	}
	run, inputs, err := s.newRun(project, action, in)
	if err != nil {
		return nil, err
	}
	run.CreatedByUserID = actor.CreatorID()
	var batches []*Batch
	err = s.store.InTx(ctx, func(tx Store) (err error) {
		if in.Schedule != nil {
			return s.createScheduled(ctx, tx, run, inputs, *in.Schedule)
		}
		if err := createRun(ctx, tx, run, inputs); err != nil {
			return err
		}
		batches = run.newBatches(action, inputs, s.now())
		if err := tx.CreateBatches(ctx, batches); err != nil {
			return err
		}
		if err := tx.UpdateRuns(ctx, run); err != nil {
			return err
		}
		return s.charge(ctx, tx, run.AccountID, run.holds())
	})
	if err != nil {
		return nil, err
	}
	s.wakeBatches(ctx, batches)
	return run, nil
}

func (s *Service) newRun(project *Project, action *Action, in NewRun) (*Run, []*RunInput, error) {
	run := &Run{
		UID: NewUID(), AccountID: project.AccountID, ProjectID: project.ID, ActionID: action.ID, Status: RunQueued,
		MaxResults: in.MaxResults, PageSize: action.PageSize, CallbackOn: CallbackOnAll, InputCount: len(in.Inputs), CreatedAt: s.now(),
	}
	if in.PageSize != nil {
		run.PageSize = *in.PageSize
	}
	var callback error
	if in.Callback != nil {
		callback = run.setCallback(*in.Callback, s.rules.AllowedNetworks)
	}
	inputs, err := readInputs(in.Inputs)
	return run, inputs, AllProblems(err, in.checkParameters(run), callback)
}

func (in NewRun) checkParameters(run *Run) error {
	if in.MaxResults != nil {
		if err := CheckRange("parameters.maxResults", *in.MaxResults, 1, MaxRunResults); err != nil {
			return err
		}
	}
	if err := CheckRange("parameters.pageSize", run.PageSize, 1, MaxPageSizeOfAction); err != nil {
		return err
	}
	if n := run.pagesAtOnce() * len(in.Inputs); n > MaxRunBatches {
		return Invalid("parameters.maxResults", "makes %d pages of all inputs; at most %d", n, MaxRunBatches)
	}
	return nil
}

func (r *Run) setCallback(in NewRunCallback, plain []netip.Prefix) error {
	err := firstError(
		CheckCallbackURL("callback.url", in.URL), checkHTTPS("callback.url", in.URL, plain), CheckHeaders("callback.headers", in.Headers),
	)
	if err != nil {
		return err
	}
	r.Callback, r.CallbackOn = Endpoint{URL: &in.URL, Headers: in.Headers}, in.On
	return nil
}

// checkHTTPS refuses http, but to an address within the networks that the operator has opened. A name is not looked up: what
// it means can change until the request leaves.
func checkHTTPS(field, raw string, plain []netip.Prefix) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "https" {
		return err
	}
	host := u.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		for _, network := range plain {
			if network.Contains(addr.Unmap()) {
				return nil
			}
		}
	}
	return Invalid(field, "must be https; plain http goes only to IP addresses within RINGBACK_ALLOWED_NETWORKS")
}

// TakeRunInputs takes the custom data, a member of a name, out of each input of a run. Where there are too many it looks at none.
func TakeRunInputs(objects []json.RawMessage, member string) ([]NewRunInput, error) {
	if len(objects) > MaxRunInputs {
		return nil, wrongInputCount(len(objects))
	}
	inputs := make([]NewRunInput, len(objects))
	for i, object := range objects {
		var err error
		if inputs[i].Input, inputs[i].CustomData, err = TakeMember("inputs", object, member); err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

func wrongInputCount(n int) error {
	return Invalid("inputs", "must have 1 to %d elements, not %d", MaxRunInputs, n)
}

func readInputs(in []NewRunInput) ([]*RunInput, error) {
	if len(in) < 1 || len(in) > MaxRunInputs {
		return nil, wrongInputCount(len(in))
	}
	inputs, stored := make([]*RunInput, len(in)), 0
	for i, given := range in {
		if !IsObject(given.Input) {
			return nil, Invalid("inputs", "input %d: must be a JSON object", i+1)
		}
		if given.CustomData != nil && !json.Valid(given.CustomData) {
			return nil, Invalid("inputs", "input %d: the custom data must be JSON", i+1)
		}
		inputs[i] = &RunInput{Number: i + 1, Input: given.Input, CustomData: given.CustomData}
		stored += len(given.Input) + len(given.CustomData)
	}
	return inputs, CheckStored(StoredText{"inputs", stored})
}

// createRun creates a run with its inputs.
func createRun(ctx context.Context, tx Store, run *Run, inputs []*RunInput) error {
	run.StoredBytes = run.inputBytes(inputs)
	if err := tx.CreateRuns(ctx, run); err != nil {
		return err
	}
	for _, i := range inputs {
		i.RunID = run.ID
	}
	return tx.CreateRunInputs(ctx, inputs)
}

// pagesAtOnce is how many pages of one input are asked for in parallel: all, where it is known how many results are wanted;
// else the first, and each page says whether there is another.
func (r *Run) pagesAtOnce() int {
	if r.MaxResults == nil {
		return 1
	}
	return (*r.MaxResults + r.PageSize - 1) / r.PageSize
}

// newBatches are the batches of a run that is to begin.
func (r *Run) newBatches(action *Action, inputs []*RunInput, at time.Time) []*Batch {
	batches := make([]*Batch, 0, len(inputs)*r.pagesAtOnce())
	for _, input := range inputs {
		for page := range r.pagesAtOnce() {
			batches = append(batches, r.newBatch(input.ID, page+1, action.Lane(), at))
			r.StoredBytes += r.batchBytes(input)
		}
	}
	r.BatchCount, r.OpenBatches = len(batches), len(batches)
	return batches
}

func (r *Run) newBatch(inputID int64, page int, lane Lane, at time.Time) *Batch {
	b := &Batch{
		UID: NewUID(), AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID, RunID: r.ID,
		InputID: inputID, Page: page, Lane: lane, CreatedAt: at,
	}
	b.due(at)
	return b
}

// StopRun ends a run before it is complete: batches that wait are not executed, the answers of those that are under way count
// no more, and the final callback says STOPPED. Editor and up. CONFLICT when the run has ended, or waits for its schedule.
func (s *Service) StopRun(ctx context.Context, actor *Actor, id int64) (*Run, error) {
	run, err := s.Run(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if err := actor.RequireProjectRole(run.AccountID, run.ProjectID, RoleEditor); err != nil {
		return nil, err
	}
	var final *Callback
	err = s.store.InTx(ctx, func(tx Store) (err error) {
		at := s.now()
		if err := lockPages(ctx, tx, run); err != nil {
			return err
		}
		if err := tx.StopBatches(ctx, id, at); err != nil {
			return err
		}
		if run, err = tx.LockRun(ctx, id); err != nil {
			return err
		}
		if run.Status == RunScheduled || run.Status == RunCreated {
			return Conflict("runId", "the run waits for its schedule; pause or cancel that")
		}
		held := run.holds()
		if err := run.become(RunStopped, at); err != nil {
			return Conflict("runId", "the run has ended already, as %s", run.Status)
		}
		run.OpenBatches = 0
		run.Error = &StandardError{
			Message: "The run was stopped", Label: LabelActionAborted, Scope: ScopeRingback, StatusCode: http.StatusUnprocessableEntity,
			Params: map[string]any{}, Ref: run.UID.String(),
		}
		if err := tx.UpdateRuns(ctx, run); err != nil {
			return err
		}
		if final, err = s.raiseFinal(ctx, tx, run); err != nil {
			return err
		}
		return s.charge(ctx, tx, run.AccountID, run.holds().minus(held))
	})
	if err != nil {
		return nil, err
	}
	s.Wake(ctx, final)
	return run, nil
}
