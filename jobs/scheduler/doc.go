// Package scheduler decides which work begins when. It is a state machine: what happened goes in as the call of a
// method with its time, what is to be done comes out as Actions. It has no clock, no lock and no goroutine, and nothing
// in it can wait; one goroutine at a time calls it, and hands elsewhere carry out what it says.
//
// # What it knows
//
//	account ──┬── host ─── lane ── work ahead (claimed, not begun)
//	          │    │        │
//	   slots  │  name    endpoint
//
// A lane is what waits for one endpoint by whose URL it is. To begin, a piece of work needs
//
//   - a place in its lane: as many as its window says, from start to answer (window.go);
//   - room at the gates that lanes have in common, the endpoint and the name of its host: what is not known yet, is down or has a fixed
//     bound lets few through, in turn (gate.go, health.go); and the budget that its project or account has set (budget.go);
//   - a slot of the process, from start until what came of it is recorded (fair.go, place.go);
//   - to be claimed in the database: ahead of its turn where the lane is quick (ahead.go), else with a slot kept for it (claim.go), and
//     for what is created in this process, by its creator (reservation.go);
//   - room in memory (bytes.go).
//
// # Where a lane is
//
// Each lane is in exactly one list, that of the first thing which it lacks. settle (lane.go) finds it anew after
// whatever concerns the lane.
//
//	it lacks             and is             until
//	──────────────────   ────────────────   ──────────────────────────────────────────────────────
//	work                 idle               Due; after a minute it is forgotten
//	a place of its own   in no list         an answer of its own, or Tick when it rests
//	room at a gate       parked there       the gate has room, which it offers in turn
//	room in memory       heavy              bytes are freed
//	a slot               ready, in a class  pick chooses its account, and in the account it
//
//	                  ┌─ starting: it has something ahead ───▶ Start
//	pick ──▶ class ───┤
//	                  └─ of a kind: it has to claim first ───▶ Claim, for which the slot is kept
//
// And a piece of work:
//
//	Claimed,                       pick                 Answered                Freed
//	Reservation.Start ──▶ ahead ───────────▶ started ──────────────▶ answered ─────────▶ freed
//	                        │
//	                        └── a second, an outage, a rest, Stop ──▶ given back
//
// And a Reservation, which is room for works before they are created:
//
//	Reserve, or Await with room ────────────────▶ kept ──▶ Start, Return
//	Await ──▶ pending ──▶ Granted, or Settle ──────┘
//
// # Laws and where they come from
//
//   - Accounts: the one with the fewest slots is served first, which is max-min fairness (Jaffe 1981; Demers, Keshav and Shenker 1989). None
//     holds more than a quarter while others wait. A tenth is kept for lanes at hosts at which their account has nothing in flight, of
//     accounts that hold no more than those that wait; half of it for accounts that hold nothing.
//   - Windows: slow start, and halving once a round trip when a receiver says or shows that it was too much (RFC 5681); slow start ends
//     after eight slow answers (HyStart: Ha and Rhee 2008, RFC 9406). After it, the law of Gradient2 in Netflix's concurrency-limits, but
//     the usual latency does not follow a slower one while many are in flight: it is measured anew with a small window after so many slow
//     rounds, as Envoy's gradient controller does. Else a receiver that is overloaded for long would be driven ever further.
//   - Outages: after twenty failures in a row, one request at a time until one succeeds (the half-open circuit breaker of Nygard's
//     "Release It!"), then slow start from one.
//   - Memory: of what is freed half is saved for the lane that has waited for it the longest, or larger works would wait for the end of a flood
//     of smaller ones. The others go on with the rest, each behind none whose works are more than twice as large.
//   - Budgets: a token bucket for what begins in a second (RFC 2697), divided among the workers.
//   - Rests: Retry-After (RFC 9110, 10.2.3), bounded.
//
// # What an event costs
//
// Each event takes a bounded number of steps beside those for the works that it begins or asks for: what is left is
// done by the next Tick, which Next then asks for at once. There is no walk over lanes, endpoints or accounts but in
// Stop.
package scheduler
