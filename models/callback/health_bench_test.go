package callback_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
)

// BenchmarkHealth reads the health of owners with a month of ended callbacks, of which a tenth are notices: while nothing
// waits, and while 6,000 callbacks wait and 2,000 parts of what has ended are not added up.
func BenchmarkHealth(b *testing.B) {
	for _, callbacks := range []int{10_000, 1_000_000} {
		b.Run(strconv.Itoa(callbacks)+" callbacks", func(b *testing.B) {
			w := modelstest.NewWorld(b)
			like := w.NewCallback()
			fillHealth(w, like, callbacks)
			readHealth(b, w, "quiet")
			fillCallbacks(w, like, 6_000, "'PENDING', created_at + 3600000000, NULL")
			for range 2_000 {
				countHealth(w, w.Clock.Now(), 1)
			}
			readHealth(b, w, "busy")
		})
	}
}

func readHealth(b *testing.B, w *modelstest.World, when string) {
	b.Helper()
	for owner, id := range map[callback.Parent]int64{
		callback.OfProject: w.Shop.ID, callback.OfAccount: w.Acme.ID, callback.OfSSOClient: w.Partner.ID,
	} {
		for _, within := range []callback.HealthRange{callback.HealthDay, callback.HealthWeek, callback.HealthMonth} {
			b.Run(when+" "+string(owner)+" "+string(within), func(b *testing.B) {
				for b.Loop() {
					all, err := w.CallbackHealth(b.Context(), w.Platform.Scope(models.RoleViewer), owner, []int64{id}, within)
					if err != nil || all[id].Success == 0 {
						b.Fatalf("%+v, %v", all[id], err)
					}
				}
			})
		}
	}
}

// fillHealth makes a month of callbacks that have ended, and counts them as their ends would have.
func fillHealth(w *modelstest.World, like *callback.Callback, callbacks int) {
	w.T.Helper()
	const hours, part = 30 * 24, 50_000
	for rest := callbacks; rest > 0; rest -= part {
		fillCallbacks(w, like, min(rest, part), "'SUCCESS', NULL, created_at - i + 1")
	}
	if storetest.OnPostgres() {
		w.SQL("ANALYZE callbacks")
	}
	for hour := range hours {
		countHealth(w, w.Clock.Now().Add(-time.Duration(hour)*time.Hour), max(callbacks/hours, 1))
	}
	for n := 1; n > 0; {
		var err error
		n, err = w.FoldHealth(w.T.Context())
		modelstest.NoError(w.T, err)
	}
}

// fillCallbacks makes callbacks by SQL; ends are the status, the next attempt and the end of number i.
func fillCallbacks(w *modelstest.World, like *callback.Callback, count int, ends string) {
	w.T.Helper()
	uid := "lower(hex(randomblob(16)))"
	if storetest.OnPostgres() {
		uid = "gen_random_uuid()"
	}
	w.SQL(`INSERT INTO callbacks (uid, ref, event, status, next_attempt_at, finished_at, target, target_host, lane, content_type, body, account_id,
			project_id, dedup_key, attempt_count, failure_count, http_status, created_at)
		WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < ` + strconv.Itoa(count) + `)
		SELECT ` + uid + `, ref, event, ` + ends + `, CASE WHEN i % 10 = 0 THEN 'SSO_CLIENT' ELSE target END, target_host, lane, content_type, body,
			account_id, project_id, 'made:' || (SELECT max(id) FROM callbacks) || ':' || i, 1, 0, 200, created_at - i
		FROM callbacks CROSS JOIN series WHERE id = ` + like.RawID())
}

// countHealth counts as many that have arrived of the project, and as many notices.
func countHealth(w *modelstest.World, at time.Time, n int) {
	w.T.Helper()
	random := rand.New(rand.NewPCG(1, uint64(at.Unix())))
	var counts []callback.HealthCount
	for _, notice := range []bool{false, true} {
		t := callback.Tally{Success: uint64(n), Answers: callback.Answers{LastSuccess: &at}}
		for range n {
			t.Arrival.Add(time.Duration(math.Exp(random.NormFloat64()*2) * 1e8))
			t.Receiver.Add(time.Duration(math.Exp(random.NormFloat64()) * 1e8))
		}
		counts = append(counts, callback.HealthCount{
			AccountID: w.Acme.ID, ProjectID: w.Shop.ID, Notice: notice, Hour: at.Truncate(time.Hour), Tally: t,
		})
	}
	modelstest.NoError(w.T, w.Store.Transaction(w.T.Context(), func(tx *store.Store) error {
		return tx.AddHealth(w.T.Context(), counts)
	}))
}
