package scheduler

const (
	// aheadPace is how long what is claimed ahead may have to wait for its turn. Claiming and recording take some 10 ms
	// each under load: a lane that had to wait for them after every request would stand still most of the time.
	aheadPace = 100 * millisecond
	// aheadTime is how long it may wait indeed. Then others may have it.
	aheadTime = second
	// maxAhead bounds what a process that is killed leaves to be found by the sweep.
	maxAhead = 256
	// shortBacklog is what a lane gets through in a second or less: that there is more makes no difference to who waits.
	shortBacklog = 2048
	// unknownBacklog is that of a lane of which a claim found more than is known of.
	unknownBacklog = 1 << 30
	// paceWeight is the part of the last answer in the average.
	paceWeight = 8
)

func (l *lane) notePace(took Duration) {
	if l.pace == 0 {
		l.pace = took
	}
	l.pace += (took - l.pace) / paceWeight
}

// target is how many works of the lane begin within aheadPace, as far as it is known: none where nothing is answered.
func (s *Scheduler) target(l *lane) int {
	if l.pace <= 0 || l.stalled || l.down || l.endpoint.down || l.host.down || l.rest > s.now {
		return 0
	}
	ahead := min(maxAhead, s.begins(l, aheadPace))
	if l.budget != nil {
		ahead = min(ahead, l.budget.budget.ahead())
	}
	return ahead
}

// begins is how many works of a lane that answers begin within a time, as far as the lane decides.
func (s *Scheduler) begins(l *lane, within Duration) int {
	at := l.endpoint.bound
	if at == 0 && l.warm() {
		at = l.window.limit()
	}
	return int(Duration(at) * within / max(1, l.pace))
}

// lacksAhead is how many works more may be claimed ahead for a lane.
func (s *Scheduler) lacksAhead(l *lane) int {
	return max(0, min(s.target(l)-l.ahead.n-l.expected, s.roomAhead()))
}

// roomAhead: all lanes together claim no more ahead than may be in flight.
func (s *Scheduler) roomAhead() int { return s.limits.Slots - s.ahead.n - s.expected }

// queueEarly queues a lane for claiming ahead, if half of what it had ahead has begun.
func (s *Scheduler) queueEarly(l *lane) {
	target := s.target(l)
	wants := l.wanted && l.claim == nil && target > 0 && 2*(l.ahead.n+l.expected) <= target
	if wants == (l.early.in != nil) {
		return
	}
	if wants {
		s.kind(l.Kind).early.push(&l.early)
	} else {
		l.early.remove()
	}
}

func (s *Scheduler) addAhead(l *lane, item *Item) {
	item.state = isAhead
	item.turn.of, item.aging.of = item, item
	l.ahead.push(&item.turn)
	s.age(&s.ahead, item, aheadTime)
}

func (s *Scheduler) dropAhead(item *Item) {
	item.turn.remove()
	item.aging.remove()
}

// giveBack leaves a piece of work to whoever claims it next. Its lane is due again when it has been released.
func (s *Scheduler) giveBack(item *Item) {
	item.state = isGivenBack
	s.out.GiveBack = append(s.out.GiveBack, item)
}

// giveBackAhead leaves all that a lane has ahead.
func (s *Scheduler) giveBackAhead(l *lane) {
	for l.ahead.n > 0 {
		item := l.ahead.first.of
		s.dropAhead(item)
		s.giveBack(item)
		s.lighten(item.Bytes)
	}
}
