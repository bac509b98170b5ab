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

// digest notifies the partner of failures and arrivals of a project, in the digest that waits or in a new one. Who does the same at
// the same moment waits, to the end of the transaction; of what a worker has claimed the bytes stay as they are.
func (ds *Deliveries) digest(ctx context.Context, tx NoticeTx, projectID int64, settled []*Delivery) ([]Wakeup, error) {
	if err := tx.LockKey(ctx, "digest:"+models.RawIDText(projectID)); err != nil {
		return nil, err
	}
	news := make([]News, len(settled))
	for i, d := range settled {
		news[i] = News{Callback: d.Callback, Attempt: d.Attempt, PublicURL: ds.engine.rules.PublicURL}
	}
	last, err := tx.LastDigest(ctx, projectID)
	if err != nil {
		return nil, err
	}
	if last != nil && last.Status == StatusPending && last.AttemptCount == 0 {
		if added, err := ds.addToDigest(ctx, tx, last, news); added || err != nil {
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
	// The first that it tells of names it: that is in one digest, so no other digest has the name.
	c, err := ds.engine.Raise(ctx, tx, Occasion{
		Event: CallbacksFailedEvent, DedupKey: settled[0].noticeKey(digestFailedType), ProjectID: projectID,
		notBefore: notBefore, Render: func(e Envelope) ([]byte, error) { return digestBody(e, news) },
	})
	return ds.engine.wakeups(c), err
}

// addToDigest returns false where the digest cannot be changed any more.
func (ds *Deliveries) addToDigest(
	ctx context.Context, tx NoticeTx, waiting *Callback, news []News,
) (bool, error) {
	var n digestNotice
	if err := json.Unmarshal(waiting.Body, &n); err != nil {
		ds.engine.troubles.Unreadable(ctx, "digest", "callback", waiting.UID.String(), "error", err)
		return false, nil
	}
	n.add(news)
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

// The eventType of digests: that of one that tells of arrivals alone, and of all others.
const (
	digestFailedType    = "callbacks-failed"
	digestRecoveredType = "callbacks-recovered"
)

// digestNotice is the body of a digest.
type digestNotice struct {
	EventType          string     `json:"eventType"`
	EventData          digestData `json:"eventData"`
	AccountID          int64      `json:"accountId"`
	SSOClientAccountID *string    `json:"ssoClientAccountId"`
}

type digestData struct {
	ProjectID             int64         `json:"projectId"`
	ProjectName           string        `json:"projectName"`
	ProjectSettingsLink   string        `json:"projectSettingsLink"`
	SitePrimary           string        `json:"sitePrimary"`
	FailureCount          int           `json:"failureCount"`
	WillRetryCount        int           `json:"willRetryCount"`
	GivenUpCount          int           `json:"givenUpCount"`
	FirstFailedAt         *string       `json:"firstFailedAt"` // null: nothing has failed
	LastFailedAt          *string       `json:"lastFailedAt"`
	Causes                []digestCause `json:"causes"`       // the most frequent first
	CallbackUIDs          []string      `json:"callbackUids"` // the first that failed
	RecoveredCount        int           `json:"recoveredCount"`
	RecoveredCallbackUIDs []string      `json:"recoveredCallbackUids"` // the first ones
}

type digestCause struct {
	Code         AttemptErrorCode `json:"code"`
	Status       *int             `json:"status"` // with HTTP_STATUS only; null: one of the others
	FailureCount int              `json:"failureCount"`
}

func digestBody(e Envelope, news []News) ([]byte, error) {
	n := digestNotice{
		EventData: digestData{
			ProjectID: e.Project.ID, ProjectName: e.Project.Name, SitePrimary: e.Project.PrimaryDomain,
			ProjectSettingsLink: projectSettingsLink(e, news[0].PublicURL),
			Causes:              []digestCause{}, CallbackUIDs: []string{}, RecoveredCallbackUIDs: []string{},
		},
		AccountID: e.Account.ID, SSOClientAccountID: e.Account.PartnerAccountID,
	}
	n.add(news)
	return json.Marshal(n)
}

// add counts what a digest tells of.
func (n *digestNotice) add(news []News) {
	for _, of := range news {
		if of.Attempt.Error != nil {
			n.EventData.addFailure(of)
			continue
		}
		n.EventData.RecoveredCount++
		nameFirst(&n.EventData.RecoveredCallbackUIDs, of.Callback)
	}
	n.EventType = digestFailedType
	if n.EventData.FailureCount == 0 {
		n.EventType = digestRecoveredType
	}
}

// nameFirst lists a callback among the first ones.
func nameFirst(uids *[]string, c *Callback) {
	if uid := c.UID.String(); len(*uids) < maxDigestUIDs && !slices.Contains(*uids, uid) {
		*uids = append(*uids, uid)
	}
}

func (d *digestData) addFailure(of News) {
	d.FailureCount++
	if of.Callback.Status == StatusFailed {
		d.GivenUpCount++
	} else {
		d.WillRetryCount++
	}
	// Of one length: the order of the texts is that of the times.
	at := formatTime(of.Attempt.FinishedAt)
	if d.FirstFailedAt == nil || *at < *d.FirstFailedAt {
		d.FirstFailedAt = at
	}
	if d.LastFailedAt == nil || *at > *d.LastFailedAt {
		d.LastFailedAt = at
	}
	d.count(of.Attempt)
	nameFirst(&d.CallbackUIDs, of.Callback)
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

// accountHints are accounts whose partner had a setting when one of their callbacks failed last. What the partner gets is
// decided in the transaction.
type accountHints struct {
	mu       sync.Mutex
	accounts map[int64]bool
}

// maxHinted bounds the accounts that are remembered: beyond it they are learned anew.
const maxHinted = 10_000

func (d *accountHints) has(accountID int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accounts[accountID]
}

func (d *accountHints) note(accountID int64, has bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !has:
		delete(d.accounts, accountID)
	case d.accounts == nil || len(d.accounts) >= maxHinted && !d.accounts[accountID]:
		d.accounts = map[int64]bool{accountID: true}
	default:
		d.accounts[accountID] = true
	}
}
