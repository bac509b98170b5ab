package callback

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/ringback/ringback/models"
)

// DigestInterval is the least time between the first attempts of two digests of a project.
const DigestInterval = time.Minute

const (
	// claimedAhead is how long a worker keeps what it has claimed before it leaves (jobs/scheduler): when that was is
	// written with what came of it, and until then only the claim is known.
	claimedAhead = time.Second
	// maxDigestUIDs bounds the callbacks that a digest names.
	maxDigestUIDs = 20
	// maxDigestStatuses bounds the HTTP statuses that are counted one by one. The causes themselves are an enum.
	maxDigestStatuses = 20
)

// digest notifies the partner of failures of a project, in the digest that waits or in a new one. Who does the same at
// the same moment waits, to the end of the transaction; of what a worker has claimed the bytes stay as they are.
func (ds *Deliveries) digest(ctx context.Context, tx NoticeTx, projectID int64, failed []*Delivery) ([]Wakeup, error) {
	if err := tx.LockKey(ctx, "digest:"+models.RawIDText(projectID)); err != nil {
		return nil, err
	}
	failures := make([]Failure, len(failed))
	for i, d := range failed {
		failures[i] = Failure{Callback: d.Callback, Attempt: d.Attempt, PublicURL: ds.engine.rules.PublicURL}
	}
	last, err := tx.LastDigest(ctx, projectID)
	if err != nil {
		return nil, err
	}
	if last != nil && last.Status == StatusPending && last.AttemptCount == 0 {
		if added, err := ds.addToDigest(ctx, tx, last, failures); added || err != nil {
			return ds.wakeDigest(last), err
		}
	}
	var notBefore time.Time
	if last != nil {
		began, _, err := tx.AttemptedAt(ctx, last.ID, 2)
		if err != nil {
			return nil, err
		}
		if last.Status == StatusRunning {
			began = began.Add(claimedAhead)
		}
		notBefore = began.Add(DigestInterval)
	}
	// Its first failure names it: that is in one digest, so no other digest has the name.
	c, err := ds.engine.Raise(ctx, tx, Occasion{
		Event: CallbacksFailedEvent, DedupKey: failed[0].noticeKey("callbacks-failed"), ProjectID: projectID,
		notBefore: notBefore, Render: func(e Envelope) ([]byte, error) { return callbacksFailedBody(e, failures) },
	})
	return ds.engine.wakeups(c), err
}

// addToDigest returns false where the digest cannot be changed any more.
func (ds *Deliveries) addToDigest(
	ctx context.Context, tx NoticeTx, waiting *Callback, failures []Failure,
) (bool, error) {
	var n digestNotice
	if err := json.Unmarshal(waiting.Body, &n); err != nil {
		ds.engine.troubles.Unreadable(ctx, "digest", "callback", waiting.UID.String(), "error", err)
		return false, nil
	}
	n.EventData.add(failures)
	body, err := json.Marshal(n)
	if err != nil {
		return false, err
	}
	return tx.RewriteDigest(ctx, waiting.ID, body)
}

// wakeDigest wakes what should have been claimed: a worker passes by a row that is being written.
func (ds *Deliveries) wakeDigest(c *Callback) []Wakeup {
	w, ok := c.wakeup(ds.engine.now())
	if !ok || w.At.After(ds.engine.now()) {
		return nil
	}
	w.First = false // it was counted when it was created
	return []Wakeup{w}
}

// digestNotice is the body of a callbacks-failed notice.
type digestNotice struct {
	EventType          string     `json:"eventType"`
	EventData          digestData `json:"eventData"`
	AccountID          int64      `json:"accountId"`
	SSOClientAccountID *string    `json:"ssoClientAccountId"`
}

type digestData struct {
	ProjectID           int64         `json:"projectId"`
	ProjectName         string        `json:"projectName"`
	ProjectSettingsLink string        `json:"projectSettingsLink"`
	SitePrimary         string        `json:"sitePrimary"`
	FailureCount        int           `json:"failureCount"`
	WillRetryCount      int           `json:"willRetryCount"`
	GivenUpCount        int           `json:"givenUpCount"`
	FirstFailedAt       string        `json:"firstFailedAt"`
	LastFailedAt        string        `json:"lastFailedAt"`
	Causes              []digestCause `json:"causes"`       // the most frequent first
	CallbackUIDs        []string      `json:"callbackUids"` // the first ones
}

type digestCause struct {
	Code         AttemptErrorCode `json:"code"`
	Status       *int             `json:"status"` // with HTTP_STATUS only; null: one of the others
	FailureCount int              `json:"failureCount"`
}

func callbacksFailedBody(e Envelope, failures []Failure) ([]byte, error) {
	n := digestNotice{
		EventType: "callbacks-failed",
		EventData: digestData{
			ProjectID: e.Project.ID, ProjectName: e.Project.Name, SitePrimary: e.Project.PrimaryDomain,
			ProjectSettingsLink: projectSettingsLink(e, failures[0].PublicURL),
		},
		AccountID: e.Account.ID, SSOClientAccountID: e.Account.PartnerAccountID,
	}
	n.EventData.add(failures)
	return json.Marshal(n)
}

// add counts failures.
func (d *digestData) add(failures []Failure) {
	for _, f := range failures {
		d.FailureCount++
		if f.Callback.Status == StatusFailed {
			d.GivenUpCount++
		} else {
			d.WillRetryCount++
		}
		at := models.FormatTime(*f.Attempt.FinishedAt) // of one length: the order of the texts is that of the times
		d.FirstFailedAt, d.LastFailedAt = min(cmp.Or(d.FirstFailedAt, at), at), max(d.LastFailedAt, at)
		d.count(f.Attempt)
		uid := f.Callback.UID.String()
		if len(d.CallbackUIDs) < maxDigestUIDs && !slices.Contains(d.CallbackUIDs, uid) {
			d.CallbackUIDs = append(d.CallbackUIDs, uid)
		}
	}
	slices.SortStableFunc(d.Causes, func(a, b digestCause) int { return cmp.Compare(b.FailureCount, a.FailureCount) })
}

// count counts a failure by its cause.
func (d *digestData) count(a *Attempt) {
	cause, statuses := digestCause{Code: a.Error.Code, FailureCount: 1}, 0
	if cause.Code == HTTPStatusError {
		cause.Status = a.HTTPStatus
	}
	other := -1
	for i, c := range d.Causes {
		switch {
		case c.Code != cause.Code:
		case c.Status == nil:
			other = i
		case cause.Status == nil:
		case *c.Status == *cause.Status:
			d.Causes[i].FailureCount++
			return
		default:
			statuses++
		}
	}
	if statuses == maxDigestStatuses {
		cause.Status = nil
	}
	if cause.Status == nil && other >= 0 {
		d.Causes[other].FailureCount++
		return
	}
	d.Causes = append(d.Causes, cause)
}

// digesting are the accounts whose partner had digests when it was notified last. It is a hint: what it gets is
// decided in the transaction.
type digesting struct {
	mu       sync.Mutex
	accounts map[int64]bool
}

// maxDigesting bounds the accounts that are remembered: beyond it they are learned anew.
const maxDigesting = 10_000

func (d *digesting) has(accountID int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts[accountID]
}

func (d *digesting) note(accountID int64, has bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !has:
		delete(d.accounts, accountID)
	case d.accounts == nil || len(d.accounts) >= maxDigesting && !d.accounts[accountID]:
		d.accounts = map[int64]bool{accountID: true}
	default:
		d.accounts[accountID] = true
	}
}
