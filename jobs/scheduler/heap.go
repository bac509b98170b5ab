package scheduler

// ranking is a binary heap of accounts by who is served first. Keys are copied into it: comparing them is most of what
// the machine does.
type ranking struct {
	which int // of the two that a share may be in
	items []ranked
}

type ranked struct {
	held   int
	served uint64
	of     *share
}

// before: who holds the fewest slots is served first, and among them who has not been for the longest.
func (a ranked) before(b ranked) bool {
	return a.held < b.held || a.held == b.held && a.served < b.served
}

func rank(x *share) ranked { return ranked{x.account.held, x.account.served, x} }

// has tells whether a share is in the ranking. Positions count from 1.
func (h *ranking) has(x *share) bool { return x.at[h.which] > 0 }

func (h *ranking) push(x *share) {
	h.items = append(h.items, ranked{})
	h.up(len(h.items)-1, rank(x))
}

// fix moves an account to where it belongs.
func (h *ranking) fix(x *share) { h.place(x.at[h.which]-1, rank(x)) }

func (h *ranking) remove(x *share) {
	i, last := x.at[h.which]-1, len(h.items)-1
	moved := h.items[last]
	h.items[last] = ranked{}
	h.items = h.items[:last]
	x.at[h.which] = 0
	if i < last {
		h.place(i, moved)
	}
}

func (h *ranking) place(i int, x ranked) {
	if i > 0 && x.before(h.items[(i-1)/2]) {
		h.up(i, x)
	} else {
		h.down(i, x)
	}
}

func (h *ranking) up(i int, x ranked) {
	for i > 0 {
		parent := (i - 1) / 2
		if !x.before(h.items[parent]) {
			break
		}
		h.set(i, h.items[parent])
		i = parent
	}
	h.set(i, x)
}

func (h *ranking) down(i int, x ranked) {
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if child+1 < len(h.items) && h.items[child+1].before(h.items[child]) {
			child++
		}
		if !h.items[child].before(x) {
			break
		}
		h.set(i, h.items[child])
		i = child
	}
	h.set(i, x)
}

func (h *ranking) set(i int, x ranked) {
	h.items[i] = x
	x.of.at[h.which] = i + 1
}

// resting is a heap (container/heap) of lanes by when their rest ends.
type resting []*lane

func (r resting) Len() int           { return len(r) }
func (r resting) Less(i, j int) bool { return r[i].rest < r[j].rest }

func (r resting) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].restAt, r[j].restAt = i+1, j+1
}

func (r *resting) Push(x any) {
	l := x.(*lane)
	*r = append(*r, l)
	l.restAt = len(*r)
}

func (r *resting) Pop() any {
	last := len(*r) - 1
	l := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	l.restAt = 0
	return l
}
