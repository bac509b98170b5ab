package models_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringback/ringback/models"
)

const mebibyte = 1 << 20

// oneLarge is memory that has a place for one large answer.
const oneLarge = 4 * 4 * 3 * 32 * mebibyte / 3

func TestAnswerBeyondTheLimitSaysHowToAskForLess(t *testing.T) {
	t.Parallel()
	_, a := models.NewAnswers(32*mebibyte, 0).Begin(t.Context())
	defer a.End()
	if !a.Read(32*mebibyte) || a.Err() != nil {
		t.Fatal("the limit itself does not fit")
	}
	if a.Read(1) || models.ErrorCode(a.Err()) != models.CodeAnswerTooLarge {
		t.Errorf("a byte more: %v", a.Err())
	}
	for _, part := range []string{"32 MiB", "`first`", "`payload`"} {
		if !strings.Contains(a.Err().Error(), part) {
			t.Errorf("%q is not in %q", part, a.Err())
		}
	}
	if err := a.Write(t.Context(), 1); !errors.Is(err, a.Err()) {
		t.Errorf("then writing says %v", err)
	}
}

func TestWhatIsWrittenHasTheSameLimit(t *testing.T) {
	t.Parallel()
	_, a := models.NewAnswers(4*mebibyte, 0).Begin(t.Context())
	defer a.End()
	if err := a.Write(t.Context(), 4*mebibyte); err != nil {
		t.Error(err)
	}
	if err := a.Write(t.Context(), 1); models.ErrorCode(err) != models.CodeAnswerTooLarge {
		t.Errorf("a byte more: %v", err)
	}
}

func TestLargeAnswerWaitsForItsPlaceForTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := models.NewAnswers(32*mebibyte, oneLarge)
		_, first := all.Begin(t.Context())
		ctx, second := all.Begin(t.Context())
		if !first.Read(2 * mebibyte) {
			t.Fatal("the first has no place")
		}
		if second.Read(2 * mebibyte) {
			t.Fatal("the second has one too")
		}
		began := time.Now()
		if err := second.Room(ctx); models.ErrorCode(err) != models.CodeRateLimited || time.Since(began) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		_, third := all.Begin(t.Context())
		third.Read(2 * mebibyte)
		time.AfterFunc(time.Second, first.End)
		if err := third.Room(ctx); err != nil {
			t.Errorf("the first has ended: %v", err)
		}
		third.End()
		second.End()
	})
}

func TestWhoWaitsForALargePlaceKeepsNobodyFromASmallerOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := models.NewAnswers(32*mebibyte, oneLarge)
		_, large := all.Begin(t.Context())
		large.Read(2 * mebibyte)
		ctx, cancel := context.WithCancel(t.Context())
		for range 100 {
			_, waiting := all.Begin(ctx)
			waiting.Read(2 * mebibyte)
			go func() {
				_ = waiting.Room(ctx)
				waiting.End()
			}()
		}
		synctest.Wait()
		_, page := all.Begin(t.Context())
		if !page.Read(mebibyte / 2) {
			t.Error("a page waits")
		}
		page.End()
		cancel()
		synctest.Wait()
		large.End()
	})
}

func TestSmallAnswersNeedNoPlace(t *testing.T) {
	t.Parallel()
	all := models.NewAnswers(32*mebibyte, 1)
	for range 1_000 {
		_, a := all.Begin(t.Context())
		if err := a.Write(t.Context(), min(all.Limit(), 64<<10)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnswersTogetherTakeAQuarterOfTheMemory(t *testing.T) {
	t.Parallel()
	for _, memory := range []int64{128 * mebibyte, 256 * mebibyte, 512 * mebibyte, 1 << 30, 24 << 30} {
		all := models.NewAnswers(32*mebibyte, memory)
		var held int64
		for _, size := range []int64{mebibyte, all.Limit()} { // as many of each size as get a place
			for {
				_, a := all.Begin(t.Context())
				if !a.Read(size) {
					break
				}
				held += 3 * size
			}
		}
		if held > memory/4 || held < memory/16 {
			t.Errorf("of %d MiB, %d are given away", memory/mebibyte, held/mebibyte)
		}
		if all.Limit() > 32*mebibyte || memory >= 1<<30 && all.Limit() != 32*mebibyte {
			t.Errorf("of %d MiB, one answer may have %d", memory/mebibyte, all.Limit()/mebibyte)
		}
	}
}

func TestOneAccountHasAQuarterOfThePlacesForLargeAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := models.NewAnswers(32*mebibyte, 8*oneLarge)
		begin := func(owner string) (context.Context, *models.Answer) {
			ctx, a := all.Begin(t.Context())
			a.CountTowards(owner)
			return ctx, a
		}
		var slow []*models.Answer
		for range 2 { // of 8
			_, a := begin("account 1")
			if !a.Read(2 * mebibyte) {
				t.Fatal("the account has no place")
			}
			slow = append(slow, a)
		}
		ctx, third := begin("account 1")
		began := time.Now()
		if third.Read(2 * mebibyte) {
			t.Fatal("the account has a third place")
		}
		err := third.Room(ctx)
		if took := time.Since(began); models.ErrorCode(err) != models.CodeRateLimited || took != 10*time.Second ||
			!strings.Contains(err.Error(), "your account") {
			t.Errorf("after %s: %v", took, err)
		}
		third.End()
		for range 2 {
			_, other := begin("account 2")
			_, platform := begin("")
			if !other.Read(2*mebibyte) || !platform.Read(2*mebibyte) {
				t.Error("another's, or the platform's, has no place")
			}
			slow = append(slow, other, platform)
		}
		ctx, next := begin("account 1")
		if next.Read(2 * mebibyte) {
			t.Fatal("the account has a third place")
		}
		time.AfterFunc(time.Second, slow[0].End)
		if err := next.Room(ctx); err != nil {
			t.Errorf("one of its own has ended: %v", err)
		}
		next.End()
		for _, a := range slow[1:] {
			a.End()
		}
		if n := all.Shares(); n != 0 {
			t.Errorf("%d shares are remembered that nobody has", n)
		}
	})
}

func TestAnswersCountTowardsTheAccountOrTheAddress(t *testing.T) {
	t.Parallel()
	for want, actor := range map[string]*models.Actor{
		"address 192.0.2.1": nil, "": models.PlatformActor(), "account 5": {Key: &models.KeyScope{AccountID: 5, ProjectID: 6}},
		"SSO client 7": {Key: &models.KeyScope{SSOClientID: 7}}, "account 8": {Key: &models.KeyScope{AccountID: 8}},
		"account 7": {UserID: 1, Roles: map[int64]models.Role{9: models.RoleAdmin, 7: models.RoleViewer}}, "user 1": {UserID: 1},
	} {
		if got := models.AnswerOwner(actor, "192.0.2.1"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
