package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/run"
)

type runRow struct {
	ID              int64
	UID             uuid.UUID
	AccountID       int64
	ProjectID       int64
	ActionID        int64
	ScheduleID      *int64
	CreatedByUserID *int64
	Status          run.Status
	MaxResults      *int
	PageSize        int
	CallbackOn      run.CallbackOn
	CallbackURL     *string
	CallbackHeaders []byte
	InputCount      int
	BatchCount      int
	OpenBatchCount  int
	OutputCount     int
	StoredBytes     int64
	Error           []byte
	CreatedAt       int64 `gorm:"autoCreateTime:false"`
	StartedAt       *int64
	FinishedAt      *int64
	PayloadPurgedAt *int64
}

func (runRow) TableName() string { return "runs" }

func runHeadersPlace(uid uuid.UUID) string { return "runs.callback_headers:" + uid.String() }

func (s *Store) run(r runRow) (*run.Run, error) {
	headers, unreadable := s.sealer.openHeaders(r.CallbackHeaders, runHeadersPlace(r.UID))
	return &run.Run{
		ID: r.ID, UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID, ScheduleID: r.ScheduleID,
		CreatedByUserID: r.CreatedByUserID, Status: r.Status, MaxResults: r.MaxResults, PageSize: r.PageSize,
		CallbackOn: r.CallbackOn, Callback: models.Endpoint{URL: r.CallbackURL, Headers: headers, Unreadable: unreadable},
		InputCount: r.InputCount, BatchCount: r.BatchCount, OpenBatches: r.OpenBatchCount, OutputCount: r.OutputCount,
		StoredBytes: r.StoredBytes,
		Error:       standardError(r.Error),
		CreatedAt:   fromMicros(r.CreatedAt), StartedAt: fromMicrosPtr(r.StartedAt), FinishedAt: fromMicrosPtr(r.FinishedAt),
		PayloadPurgedAt: fromMicrosPtr(r.PayloadPurgedAt),
	}, nil
}

// standardError reads as much as there is: a text that is spoilt must not spoil its row.
func standardError(text []byte) *models.StandardError {
	if len(text) == 0 {
		return nil
	}
	var e models.StandardError
	if err := json.Unmarshal(text, &e); err != nil {
		e = models.StandardError{
			Message: "The error cannot be read any more", Label: models.LabelGenericError, Scope: models.ScopeRingback,
		}
	}
	return &e
}

func standardErrorText(e *models.StandardError) ([]byte, error) {
	if e == nil {
		return nil, nil
	}
	return json.Marshal(e)
}

// RunPorts are what run.NewService takes: reads, and transactions.
func (s *Store) RunPorts() run.Ports {
	return run.Ports{
		Reader: s, Log: s, Upkeep: s, Preview: s,
		InActionTx:   inTx(s, func(tx *Store) run.ActionTx { return tx }),
		InCreateTx:   inTx(s, func(tx *Store) run.CreateTx { return tx }),
		InClaimTx:    inTx(s, func(tx *Store) run.ClaimTx { return tx }),
		InEndTx:      inTx(s, func(tx *Store) run.EndTx { return tx }),
		InScheduleTx: inTx(s, func(tx *Store) run.ScheduleTx { return tx }),
		InFiringTx:   inTx(s, func(tx *Store) run.FiringTx { return tx }),
		InPurgeTx:    inTx(s, func(tx *Store) run.PurgeTx { return tx }),
	}
}

// LockRun reads one run for an update.
func (s *Store) LockRun(ctx context.Context, id int64) (*run.Run, error) {
	return first(s.locking(ctx).Where("id = ?", id), models.TypeRun, s.run)
}

// RunsToExecute finds runs, with their headers.
func (s *Store) RunsToExecute(ctx context.Context, ids ...int64) ([]*run.Run, error) {
	return find(s.reader(ctx).Where(s.among("id", &ids)), s.run)
}

// CreateRuns inserts runs.
func (s *Store) CreateRuns(ctx context.Context, runs ...*run.Run) error {
	rows := make([]runRow, len(runs))
	for i, r := range runs {
		headers, err := s.sealer.sealHeaders(r.Callback.Headers, runHeadersPlace(r.UID))
		if err != nil {
			return err
		}
		rows[i] = runRow{
			UID: r.UID, AccountID: r.AccountID, ProjectID: r.ProjectID, ActionID: r.ActionID, ScheduleID: r.ScheduleID,
			CreatedByUserID: r.CreatedByUserID, Status: r.Status, MaxResults: r.MaxResults, PageSize: r.PageSize,
			CallbackOn:  r.CallbackOn,
			CallbackURL: r.Callback.URL, CallbackHeaders: headers, InputCount: r.InputCount, StoredBytes: r.StoredBytes,
			CreatedAt: micros(r.CreatedAt),
		}
	}
	err := createParts(ctx, s, rows, func(r runRow) int { return len(r.CallbackHeaders) })
	for i, r := range rows {
		runs[i].ID = r.ID
	}
	return err
}

// UpdateRuns writes what can change of runs.
func (s *Store) UpdateRuns(ctx context.Context, runs ...*run.Run) error {
	failed := make([][]byte, len(runs))
	for i, r := range runs {
		var err error
		if failed[i], err = standardErrorText(r.Error); err != nil {
			return err
		}
	}
	return s.update(ctx, "runs", models.TypeRun, len(runs),
		columnOf("id", "bigint", runs, func(r *run.Run) int64 { return r.ID }),
		columnOf("status", "text", runs, func(r *run.Run) string { return string(r.Status) }),
		columnOf("batch_count", "bigint", runs, func(r *run.Run) int { return r.BatchCount }),
		columnOf("open_batch_count", "bigint", runs, func(r *run.Run) int { return r.OpenBatches }),
		columnOf("output_count", "bigint", runs, func(r *run.Run) int { return r.OutputCount }),
		columnOf("stored_bytes", "bigint", runs, func(r *run.Run) int64 { return r.StoredBytes }),
		columnOf("error", "bytea", failed, func(text []byte) []byte { return text }),
		columnOf("started_at", "bigint", runs, func(r *run.Run) *int64 { return microsPtr(r.StartedAt) }),
		columnOf("finished_at", "bigint", runs, func(r *run.Run) *int64 { return microsPtr(r.FinishedAt) }),
	)
}

// StartRuns notes that the first batches of runs are under way.
func (s *Store) StartRuns(ctx context.Context, ids []int64, at time.Time) error {
	return s.writer(ctx).Model(&runRow{}).Where(s.among("id", &ids)).Where("status = ?", run.Queued).
		Updates(map[string]any{"status": run.Running, "started_at": micros(at)}).Error
}

type runInputRow struct {
	ID         int64
	RunID      int64
	Number     int
	Input      []byte
	CustomData []byte
}

func (runInputRow) TableName() string { return "run_inputs" }

func runInput(r runInputRow) (*run.Input, error) {
	return &run.Input{ID: r.ID, RunID: r.RunID, Number: r.Number, Input: r.Input, CustomData: jsonOrNil(r.CustomData)}, nil
}

// jsonOrNil: the SQLite driver writes nil as an empty value, which is no JSON.
func jsonOrNil(text []byte) json.RawMessage {
	if len(text) == 0 {
		return nil
	}
	return text
}

// CreateRunInputs inserts the inputs of a run.
func (s *Store) CreateRunInputs(ctx context.Context, inputs []*run.Input) error {
	rows := make([]runInputRow, len(inputs))
	for i, in := range inputs {
		rows[i] = runInputRow{RunID: in.RunID, Number: in.Number, Input: in.Input, CustomData: in.CustomData}
	}
	err := createParts(ctx, s, rows, func(r runInputRow) int { return len(r.Input) + len(r.CustomData) })
	for i, r := range rows {
		inputs[i].ID = r.ID
	}
	return err
}

// CopyRunInputs copies within the database.
func (s *Store) CopyRunInputs(ctx context.Context, fromRunIDs []int64, to []*run.Run) error {
	if len(to) == 0 {
		return nil
	}
	given, args := s.given(len(to),
		columnOf("from_id", "bigint", fromRunIDs, func(id int64) int64 { return id }),
		columnOf("to_id", "bigint", to, func(r *run.Run) int64 { return r.ID }),
	)
	return s.writer(ctx).Exec(given+"INSERT INTO run_inputs (run_id, number, input, custom_data) "+
		"SELECT to_id, number, input, custom_data FROM given JOIN run_inputs ON run_id = from_id", args...).Error
}

// RunInputs finds inputs by id.
func (s *Store) RunInputs(ctx context.Context, ids ...int64) ([]*run.Input, error) {
	return find(s.reader(ctx).Where(s.among("id", &ids)), runInput)
}

// InputsOfRuns finds the inputs of runs.
func (s *Store) InputsOfRuns(ctx context.Context, runIDs ...int64) ([]*run.Input, error) {
	return find(s.reader(ctx).Where(s.among("run_id", &runIDs)).Order("run_id, number"), runInput)
}

// InputsOfRun finds the inputs of a run.
func (s *Store) InputsOfRun(ctx context.Context, runID int64, limit int) ([]*run.Input, error) {
	return find(s.reader(ctx).Where("run_id = ?", runID).Order("number").Limit(limit), runInput)
}
