package tenant

import (
	"cmp"

	"github.com/ringback/ringback/models"
)

// Limits are how much leaves for an account or a project, over all workers. nil: nothing is said of it.
type Limits struct {
	MaxInFlight  *int // callbacks at once
	MaxPerSecond *int // callbacks that begin in a second
}

// LimitsUpdate changes what is given; null takes a limit away.
type LimitsUpdate struct{ MaxInFlight, MaxPerSecond models.Optional[*int] }

// What a limit may be at most: above it there is none that a worker could tell from no limit.
const (
	mostInFlight  = 10_000
	mostPerSecond = 100_000
)

func (l *Limits) limit(in LimitsUpdate) error {
	return models.AllProblems(
		assignLimit(&l.MaxInFlight, "apiCallbackMaxInFlight", in.MaxInFlight, mostInFlight),
		assignLimit(&l.MaxPerSecond, "apiCallbackMaxPerSecond", in.MaxPerSecond, mostPerSecond),
	)
}

func assignLimit(target **int, field string, value models.Optional[*int], most int) error {
	if !value.Set {
		return nil
	}
	if n := value.Value; n != nil && (*n < 1 || *n > most) {
		return models.Invalid(field, "must be from 1 to %d, or null for no limit", most)
	}
	*target = value.Value
	return nil
}

// LimitsInForce are the limits that a project is under, and whose they are.
type LimitsInForce struct {
	Limits
	Source Level
}

// EffectiveLimits is the precedence of project over account: a project that says either limit is counted by itself, and
// what it does not say is its account's number. All others of the account share what the account has. Nil: there is
// none.
func EffectiveLimits(account, project Limits) *LimitsInForce {
	switch {
	case project != (Limits{}):
		return &LimitsInForce{Limits{
			MaxInFlight:  cmp.Or(project.MaxInFlight, account.MaxInFlight),
			MaxPerSecond: cmp.Or(project.MaxPerSecond, account.MaxPerSecond),
		}, LevelProject}
	case account != (Limits{}):
		return &LimitsInForce{account, LevelAccount}
	default:
		return nil
	}
}
