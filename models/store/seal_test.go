package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/store"
	"github.com/ringback/ringback/models/store/storetest"
	"github.com/ringback/ringback/models/tenant"
)

func sealer(t *testing.T, key byte) *store.Sealer {
	t.Helper()
	s, err := store.NewSealer(bytes.Repeat([]byte{key}, store.KeyBytes))
	modelstest.NoError(t, err)
	return s
}

// anotherKey is none of a test database.
var anotherKey = bytes.Repeat([]byte{99}, store.KeyBytes)

func TestSealedHeadersOpenInTheirPlaceOnly(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[ -~]{0,64}`).Draw(t, "value")
		place, elsewhere := rapid.String().Draw(t, "place"), rapid.String().Draw(t, "elsewhere")
		box, err := s.SealHeaders([]models.Header{{Key: "X-A", Value: models.Secret(value)}}, place)
		if err != nil {
			t.Fatal(err)
		}
		if len(value) > 8 && bytes.Contains(box, []byte(value)) {
			t.Fatal("the box shows what is in it")
		}
		headers, err := s.OpenHeaders(box, place)
		if err != nil || len(headers) != 1 || headers[0].Value.Reveal() != value {
			t.Fatalf("got %v, %v", headers, err)
		}
		if _, err := s.OpenHeaders(box, elsewhere); (err == nil) != (place == elsewhere) {
			t.Fatalf("opened at %q, sealed at %q: %v", elsewhere, place, err)
		}
		i := rapid.IntRange(0, len(box)-1).Draw(t, "changed byte")
		box[i] ^= 1
		if _, err := s.OpenHeaders(box, place); err == nil {
			t.Fatalf("opened with byte %d changed", i)
		}
	})
}

func TestSameHeadersAreSealedDifferentlyEachTime(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1)
	headers := []models.Header{{Key: "X-A", Value: "v"}}
	a, err := s.SealHeaders(headers, "p")
	modelstest.NoError(t, err)
	b, err := s.SealHeaders(headers, "p")
	modelstest.NoError(t, err)
	if bytes.Equal(a, b) {
		t.Error("two boxes are the same: the nonce was used twice")
	}
}

func TestBoxOfAnotherKeyNamesTheVariable(t *testing.T) {
	t.Parallel()
	box, err := sealer(t, 1).SealHeaders([]models.Header{{Key: "X-A", Value: "v"}}, "p")
	modelstest.NoError(t, err)
	for name, foreign := range map[string][]byte{"other key": box, "cut": box[:3], "garbage": []byte("garbage")} {
		_, err = sealer(t, 2).OpenHeaders(foreign, "p")
		if err == nil || !strings.Contains(err.Error(), "RINGBACK_ENCRYPTION_KEY") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNoHeadersAreNoBox(t *testing.T) {
	t.Parallel()
	s := sealer(t, 1)
	box, err := s.SealHeaders(nil, "p")
	if box != nil || err != nil {
		t.Errorf("got %v, %v", box, err)
	}
	headers, err := s.OpenHeaders([]byte{}, "p")
	if headers != nil || err != nil {
		t.Errorf("got %v, %v", headers, err)
	}
}

func TestKeyHas32Bytes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := store.NewSealer(make([]byte, n)); err == nil {
			t.Errorf("%d bytes were accepted", n)
		}
	}
}

// Someone who can write to the database must not be able to send one customer's token to another's URL.
func TestBoxMovedToAnotherRowOrTableDoesNotOpen(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	a, b := newCustomer(t, s, "a"), newCustomer(t, s, "b")
	move := func(statement string, args ...any) { modelstest.NoError(t, s.DB().Exec(statement, args...).Error) }
	closed := func(what string, unreadable error) {
		t.Helper()
		if !errors.As(unreadable, new(*models.UnreadableError)) {
			t.Errorf("%s: %v", what, unreadable)
		}
	}

	move("UPDATE projects SET api_callback_headers = (SELECT api_callback_headers FROM accounts WHERE id = ?) WHERE id "+
		"= ?", a.account.ID, a.project.ID)
	projects, err := s.Projects(t.Context(), everything(), a.project.ID)
	modelstest.NoError(t, err)
	closed("from an account to its project", projects[0].Callback.Unreadable)

	move("UPDATE accounts SET api_callback_headers = (SELECT api_callback_headers FROM accounts WHERE id = ?) WHERE id "+
		"= ?", a.account.ID, b.account.ID)
	accounts, err := s.Accounts(t.Context(), everything(), b.account.ID)
	modelstest.NoError(t, err)
	closed("from one account to another", accounts[0].Callback.Unreadable)
	accounts, err = s.Accounts(t.Context(), everything(), a.account.ID)
	modelstest.NoError(t, err)
	modelstest.NoError(t, accounts[0].Callback.Unreadable)

	withHeaders := func(c *callback.Callback) { c.TargetHeaders = []models.Header{{Key: "X-A", Value: "v"}} }
	from, to := newCallback(t, s, a, start, withHeaders), newCallback(t, s, b, start)
	move(
		"UPDATE callbacks SET target_headers = (SELECT target_headers FROM callbacks WHERE id = ?) WHERE id = ?", from.ID,
		to.ID,
	)
	raised, err := s.LockCallback(t.Context(), everything(), to.ID)
	modelstest.NoError(t, err)
	closed("from one callback to another", raised.Unreadable)

	for _, n := range []*customer{a, b} {
		modelstest.NoError(t, s.CreateSigningSecret(t.Context(), &tenant.SigningSecret{
			Owner: tenant.SigningOwner{ProjectID: n.project.ID}, Secret: "whsec_AAAA", CreatedAt: start,
		}))
	}
	move("UPDATE signing_secrets SET secret_sealed = (SELECT secret_sealed FROM signing_secrets WHERE project_id = ?) "+
		"WHERE project_id = ?", a.project.ID, b.project.ID)
	owner := tenant.SigningOwner{ProjectID: b.project.ID}
	secrets, err := s.SigningSecrets(t.Context(), start, owner)
	modelstest.NoError(t, err)
	closed("from one project's signing secret to another's", secrets[owner][0].Unreadable)
}

func TestBoxOfAnActionOrRunMovedToAnotherDoesNotOpen(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "a")
	from, to := newWork(t, s, n), newWork(t, s, n)
	modelstest.NoError(t, s.DB().Exec("UPDATE actions SET executor_headers = (SELECT executor_headers FROM actions "+
		"WHERE id = ?) WHERE id = ?", from.action.ID, to.action.ID).Error)
	actions, err := s.Actions(t.Context(), everything(), to.action.ID)
	modelstest.NoError(t, err)
	if actions[0].Executor.Unreadable == nil {
		t.Error("from one action to another: it opens")
	}
	modelstest.NoError(t, s.DB().Exec("UPDATE runs SET callback_headers = (SELECT callback_headers FROM runs WHERE id "+
		"= ?) WHERE id = ?", from.run.ID, to.run.ID).Error)
	run, err := s.LockRun(t.Context(), to.run.ID)
	modelstest.NoError(t, err)
	if run.Callback.Unreadable == nil {
		t.Error("from one run to another: it opens")
	}
}

func TestSecretsAreNotInTheDatabaseInTheClear(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	n := newCustomer(t, s, "clear-text")
	w := newWork(t, s, n)
	for column, id := range map[string]int64{
		"api_callback_headers FROM accounts": n.account.ID, "executor_headers FROM actions": w.action.ID,
		"callback_headers FROM runs": w.run.ID,
	} {
		var box []byte
		modelstest.NoError(t, s.DB().Raw("SELECT "+column+" WHERE id = ?", id).Row().Scan(&box))
		if len(box) == 0 || bytes.Contains(box, []byte("clear-text")) || bytes.Contains(box, []byte("of the run")) {
			t.Errorf("%s: the database has %q", column, box)
		}
	}
}

func TestDatabaseOpenedWithAnotherKeySaysSo(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	s := storetest.OpenURL(t, url)
	_, err := s.Migrate(t.Context())
	modelstest.NoError(t, err)
	n := newCustomer(t, s, "a")
	modelstest.NoError(t, s.Close())
	other := storetest.OpenWithKey(t, url, anotherKey)
	accounts, err := other.Accounts(t.Context(), everything(), n.account.ID)
	modelstest.NoError(t, err)
	if err := accounts[0].Callback.Unreadable; err == nil || !strings.Contains(err.Error(), "RINGBACK_ENCRYPTION_KEY") {
		t.Errorf("got %v", err)
	}
}
