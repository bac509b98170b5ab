package run

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/tenant"
)

// Limits of one run.
const (
	MaxInputs  = 1_000
	MaxResults = 100_000 // for each input
	// MaxRunBatches bounds what one request can set going: all pages of all inputs that are known at the start.
	MaxBatches = 10_000
	// MaxRunPages ends a run without maxResults whose executor always says that there is more.
	MaxPages = 1_000
)

// CreateTx is what the creation of a run asks of its transaction.
type CreateTx interface {
	ActivationTx
	// CreateRuns sets the IDs, and so do CreateRunInputs and CreateBatches.
	CreateRuns(ctx context.Context, runs ...*Run) error
	CreateRunInputs(ctx context.Context, inputs []*Input) error
	CreateBatches(ctx context.Context, batches []*Batch) error
	UpdateRuns(ctx context.Context, runs ...*Run) error
	CreateSchedule(ctx context.Context, r *Schedule) error
}

// NewRun is the input of CreateRun.
type NewRun struct {
	ProjectID int64
	Action    string // by its name on the project's account
	// Inputs are JSON objects, 1 to 1,000.
	Inputs     []NewInput
	MaxResults *int // for each input, 1 to 100,000; nil: as many as there are, up to 1,000 pages
	PageSize   *int // 1 to 1,000; nil: the action's
	Callback   *NewCallback
	Schedule   *NewSchedule // nil: at once
	// Unread is what a door could not read of it, which is told with all else that is wrong. Where there are no Inputs, what is
	// wrong with them is among it.
	Unread error
}

// NewInput is one input with what the caller wants back beside each result.
type NewInput struct {
	Input, CustomData json.RawMessage
}

// NewCallback is where a run's callbacks go, and which. Without it: the project's URL, then the account's, and
// all.
type NewCallback struct {
	URL     string
	Headers []models.Header
	On      CallbackOn
}

// CreateRun sets an action to work, or makes the schedule that will, and answers at once; what comes of it is told by
// callbacks. Editor and up. BAD_USER_INPUT, with all that is wrong, also where the inputs with their custom data are
// more than MaxStoredBytes. LIMIT_REACHED where the account would have more schedules, open batches or stored bytes
// than its quotas let it have.
func (s *Service) CreateRun(ctx context.Context, actor *models.Actor, in NewRun) (*Run, error) {
	project, action, err := s.projectAndAction(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	run, inputs, err := s.newRun(project, action, in)
	schedule, unfit := s.newSchedule(run, in.Schedule)
	if err := models.AllProblems(err, unfit); err != nil {
		return nil, err
	}
	run.CreatedByUserID = actor.CreatorID()
	var batches []*Batch
	err = s.db.InCreateTx(ctx, func(tx CreateTx) (err error) {
		if schedule != nil {
			err = s.createScheduled(ctx, tx, run, inputs, schedule)
			models.Made(ctx, run.ID)
			return err
		}
		if err := createRun(ctx, tx, run, inputs); err != nil {
			return err
		}
		models.Made(ctx, run.ID)
		batches = run.newBatches(action, inputs, s.engine.Now())
		if err := tx.CreateBatches(ctx, batches); err != nil {
			return err
		}
		if err := tx.UpdateRuns(ctx, run); err != nil {
			return err
		}
		return s.rules.Quotas.reserve(ctx, tx, run.AccountID, run.holds())
	})
	if err != nil {
		return nil, err
	}
	wakeBatches(ctx, s.engine, batches)
	return run, nil
}

// projectAndAction are what a run is of. FORBIDDEN to whoever may make none there.
func (s *Service) projectAndAction(
	ctx context.Context, actor *models.Actor, in NewRun,
) (*tenant.Project, *Action, error) {
	project, err := s.projects.Project(ctx, actor, in.ProjectID)
	if err != nil {
		return nil, nil, err
	}
	if err := actor.RequireProjectRole(project.AccountID, project.ID, models.RoleEditor); err != nil {
		return nil, nil, err
	}
	if !actionPattern.MatchString(in.Action) { // nor does every text fit into a statement
		return nil, nil, models.NotFound(models.TypeAction)
	}
	action, err := s.ActionByName(ctx, actor.Scope(models.RoleViewer), project.AccountID, in.Action)
	return project, action, err
}

func (s *Service) newRun(project *tenant.Project, action *Action, in NewRun) (*Run, []*Input, error) {
	run := &Run{
		UID: models.NewUID(), AccountID: project.AccountID, ProjectID: project.ID, ActionID: action.ID, Status: Queued,
		MaxResults: in.MaxResults, PageSize: action.PageSize, CallbackOn: CallbackOnAll, InputCount: len(in.Inputs),
		CreatedAt: s.engine.Now(),
	}
	if in.PageSize != nil {
		run.PageSize = *in.PageSize
	}
	var invalid error
	if in.Callback != nil {
		invalid = run.setCallback(*in.Callback, s.rules.AllowedNetworks)
	}
	var inputs []*Input
	var unfit error
	if in.Unread == nil || len(in.Inputs) > 0 {
		inputs, unfit = readInputs(in.Inputs)
	}
	return run, inputs, models.AllProblems(in.Unread, unfit, in.checkParameters(run), invalid)
}

func (in NewRun) checkParameters(run *Run) error {
	var results error
	if in.MaxResults != nil {
		results = models.CheckRange("parameters.maxResults", *in.MaxResults, 1, MaxResults)
	}
	size := models.CheckRange("parameters.pageSize", run.PageSize, 1, MaxPageSize)
	if err := models.AllProblems(results, size); err != nil {
		return err
	}
	if n := run.pagesAtOnce() * len(in.Inputs); n > MaxBatches {
		return models.Invalid("parameters.maxResults", "makes %d pages of all inputs; at most %d", n, MaxBatches)
	}
	return nil
}

func (r *Run) setCallback(in NewCallback, plain []netip.Prefix) error {
	err := models.AllProblems(
		models.CheckCallbackURL("callback.url", in.URL), checkHTTPS("callback.url", in.URL, plain),
		models.CheckHeaders("callback.headers", in.Headers),
	)
	if err != nil {
		return err
	}
	r.Callback, r.CallbackOn = models.Endpoint{URL: &in.URL, Headers: in.Headers}, in.On
	return nil
}

// checkHTTPS refuses http, but to an address within the networks that the operator has opened. A name is not looked
// up: what it means can change until the request leaves.
func checkHTTPS(field, raw string, plain []netip.Prefix) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" {
		return nil // what else is wrong CheckCallbackURL says
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
	return models.Invalid(field, "must be https; plain http goes only to IP addresses within RINGBACK_ALLOWED_NETWORKS")
}

// TakeInputs takes the custom data, a member of a name, out of each input of a run. Where there are too many it
// looks at none.
func TakeInputs(objects []json.RawMessage, member string) ([]NewInput, error) {
	if len(objects) < 1 || len(objects) > MaxInputs {
		return nil, wrongInputCount(len(objects))
	}
	inputs := make([]NewInput, len(objects))
	for i, object := range objects {
		var err error
		if inputs[i].Input, inputs[i].CustomData, err = models.TakeMember("inputs", object, member); err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

func wrongInputCount(n int) error {
	return models.Invalid("inputs", "must have 1 to %d elements, not %d", MaxInputs, n)
}

func readInputs(in []NewInput) ([]*Input, error) {
	if len(in) < 1 || len(in) > MaxInputs {
		return nil, wrongInputCount(len(in))
	}
	inputs, stored := make([]*Input, len(in)), 0
	for i, given := range in {
		if !models.IsObject(given.Input) {
			return nil, models.Invalid("inputs", "input %d: must be a JSON object", i+1)
		}
		if given.CustomData != nil && !json.Valid(given.CustomData) {
			return nil, models.Invalid("inputs", "input %d: the custom data must be JSON", i+1)
		}
		inputs[i] = &Input{Number: i + 1, Input: given.Input, CustomData: given.CustomData}
		stored += len(given.Input) + len(given.CustomData)
	}
	return inputs, models.CheckStored(models.StoredText{Field: "inputs", Bytes: stored})
}

// createRun creates a run with its inputs.
func createRun(ctx context.Context, tx CreateTx, run *Run, inputs []*Input) error {
	run.StoredBytes = run.inputBytes(inputs)
	if err := tx.CreateRuns(ctx, run); err != nil {
		return err
	}
	for _, i := range inputs {
		i.RunID = run.ID
	}
	return tx.CreateRunInputs(ctx, inputs)
}

// pagesAtOnce is how many pages of one input are asked for in parallel: all, where it is known how many results are
// wanted; else the first, and each page says whether there is another.
func (r *Run) pagesAtOnce() int {
	if r.MaxResults == nil {
		return 1
	}
	return (*r.MaxResults + r.PageSize - 1) / r.PageSize
}

// newBatches are the batches of a run that is to begin.
func (r *Run) newBatches(action *Action, inputs []*Input, at time.Time) []*Batch {
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

func (r *Run) newBatch(inputID int64, page int, lane callback.Lane, at time.Time) *Batch {
	b := &Batch{
		UID: models.NewUID(), AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID, RunID: r.ID,
		InputID: inputID, Page: page, Lane: lane, CreatedAt: at,
	}
	b.due(at)
	return b
}
