package callback

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// Lane is what waits for one endpoint by whose URL it is. What is in a lane is claimed together, and another's lane
// to the same host is not held up by it.
type Lane struct {
	Host string // name:port; empty where there is no URL
	// Owner is whose URL it is: project:1, account:2 or sso:3, request:1 for URLs that were given with requests of
	// project 1, whatever they are on that host; and action:4, say, where a source has lanes of its own, as runs do.
	Owner   string
	Account int64 // whose callbacks or batches they are
	// Test is set where tests wait: what else goes there does not hold them up.
	Test bool
	// Bulk is set where replays of bulk replays wait: what else its account sends goes first.
	Bulk bool
}

// testMark and bulkMark end the keys of lanes of tests, and of bulk replays.
const (
	testMark = " test"
	bulkMark = " bulk"
)

// What a lane's owner begins with.
const (
	ofProject = "project:"
	ofAccount = "account:"
	ofRequest = "request:"
	ofSSO     = "sso:"
)

// String is the lane's key, by which the database knows it. That of no lane at all is empty.
func (l Lane) String() string {
	if l == (Lane{}) {
		return ""
	}
	key := l.Host + " " + l.Owner + " " + strconv.FormatInt(l.Account, 10)
	if l.Test {
		key += testMark
	}
	if l.Bulk {
		key += bulkMark
	}
	return key
}

// ParseLane reads a lane's key. Where a URL could not be read its text stands for the host, and there may be spaces
// in that.
func ParseLane(key string) (Lane, error) {
	if key == "" {
		return Lane{}, nil
	}
	text, bulk := strings.CutSuffix(key, bulkMark)
	text, test := strings.CutSuffix(text, testMark)
	rest, account, _ := cutLast(text)
	host, owner, found := cutLast(rest)
	id, err := strconv.ParseInt(account, 10, 64)
	if !found || err != nil {
		return Lane{}, fmt.Errorf("%q is not the key of a lane", key)
	}
	return Lane{host, owner, id, test, bulk}, nil
}

// lanesOf reads keys of lanes, each once, and leaves out what is none.
func lanesOf(keys []string) (lanes []Lane) {
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if lane, err := ParseLane(key); err == nil {
			lanes = append(lanes, lane)
		}
	}
	return lanes
}

func cutLast(text string) (before, last string, found bool) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return "", text, false
	}
	return text[:i], text[i+1:], true
}

// laneOf is where a callback to a target waits.
func laneOf(t tenant.Target, o Owners) Lane {
	lane := Lane{Owner: ofProject + models.RawIDText(o.Project.ID), Account: o.Account.ID}
	if t.URL != "" {
		lane.Host = models.HostOf(t.URL)
	}
	switch t.Source {
	case tenant.LevelAccount:
		if !o.ownLane() {
			lane.Owner = ofAccount + models.RawIDText(o.Account.ID)
		}
	case tenant.LevelRequest:
		lane.Owner = ofRequest + models.RawIDText(o.Project.ID)
	case tenant.LevelSSOClient:
		lane.Owner = ofSSO + models.RawIDText(*o.Account.SSOClientID)
	case tenant.LevelProject: // as it is
	}
	return lane
}

// LaneLimit asks for work of a lane.
type LaneLimit struct {
	Lane  string // its key
	Limit int
}

// FullLanes returns the keys of lanes that gave as many as they were asked for, so that they may have more.
func FullLanes[W any](asked []LaneLimit, claimed []W, lane func(W) Lane) (full []string) {
	counts := map[string]int{}
	for _, work := range claimed {
		counts[lane(work).String()]++
	}
	for _, a := range asked {
		if a.Limit > 0 && counts[a.Lane] >= a.Limit {
			full = append(full, a.Lane)
		}
	}
	return full
}

// DistinctLanes names each once.
func DistinctLanes(lanes []Lane) []Lane {
	slices.SortFunc(lanes, func(a, b Lane) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(lanes)
}
