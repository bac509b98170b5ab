package scheduler

// Instant is microseconds of a clock that never goes back; its beginning means nothing.
type Instant int64

// Duration is a number of microseconds.
type Duration = Instant

const (
	millisecond Duration = 1000
	second               = 1000 * millisecond
)

// Lane is what waits for one endpoint, by whose URL it is.
type Lane struct {
	Key      string
	Endpoint string // name:port, or an executor
	Host     string // the name, without a port
	Account  int64
	Kind     int  // a claim names lanes of one kind only
	Bulk     bool // begins only when no other lane of its account could
}

// Limits are what the machine keeps to.
type Limits struct {
	Slots       int   // in flight, or answered and not yet recorded
	PerEndpoint int   // at once to one endpoint; 0: learned from what comes back
	Bytes       int64 // of what is in hand; 0: any number
}

// Item is a piece of claimed work.
type Item struct {
	Lane   Lane
	Bytes  int64
	Budget Budget // that all of its lane is under
	Work   any

	lane   *lane
	state  state
	cold   bool // it began while nothing was known of its lane
	marks  marks
	number uint64 // of its beginning, in the order of events
	among  int    // in flight in its lane then, with it
	until  Instant
	turn   node[*Item] // in its lane, while it is ahead
	aging  node[*Item] // among those ahead, or cold
}

type state uint8

const (
	isNew state = iota
	isAhead
	isStarted
	isAnswered // its place is free, its slot is not
	isFreed
	isGivenBack
)

// Kind is what an answer says of the other side.
type Kind uint8

// Kinds of answers.
const (
	Ours        Kind = iota // nothing of the other side: it was not asked, or the trouble was here
	Arrived                 // it has it
	Refused                 // any other answer: 404, 500, malformed
	Overloaded              // it asks for less: 429, 503
	TimedOut                // no answer within the time that a request has
	Unreachable             // no connection: refused, no route, TLS
	Unresolved              // no address for the name
)

// Answer is how a request ended.
type Answer struct {
	Kind       Kind
	Took       Duration
	RetryAfter Duration // as asked for with Overloaded; 0: not asked
}

// LaneLimit is how many works of a lane a claim may bring.
type LaneLimit struct {
	Lane  Lane
	Limit int
}

// Claim asks for work that is due. Its address is its identity.
type Claim struct {
	Kind  int
	Lanes []LaneLimit

	grants    []grant
	works     int
	composing bool
	over      bool
}

// Actions are what is to be done now, in any order. Nothing in them is read or changed by the machine afterwards but
// what an Item or a Claim is known by.
type Actions struct {
	Claims   []*Claim       // each ends with Claimed
	Start    []*Item        // each ends with Freed, after Answered at most once
	GiveBack []*Item        // to be released in the database, where they are due again
	Granted  []*Reservation // no longer Pending
}
