package scheduler

// heap is a binary heap whose elements know their position in it, so that any of them can be moved or removed.
type heap[T any] struct {
	items  []T
	before func(a, b T) bool
	at     func(T) *int // its position, counted from 1; 0: it is in no heap
}

func (h *heap[T]) push(x T) {
	h.items = append(h.items, x)
	*h.at(x) = len(h.items)
	h.up(len(h.items) - 1)
}

// fix moves an element to where it belongs after its key has changed.
func (h *heap[T]) fix(x T) {
	i := *h.at(x) - 1
	if !h.up(i) {
		h.down(i)
	}
}

func (h *heap[T]) remove(x T) {
	i, last := *h.at(x)-1, len(h.items)-1
	h.swap(i, last)
	*h.at(x) = 0
	var none T
	h.items[last] = none
	h.items = h.items[:last]
	if i < last && !h.up(i) {
		h.down(i)
	}
}

func (h *heap[T]) up(i int) (moved bool) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.before(h.items[i], h.items[parent]) {
			break
		}
		h.swap(i, parent)
		i, moved = parent, true
	}
	return moved
}

func (h *heap[T]) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.items); child++ {
			if h.before(h.items[child], h.items[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}

func (h *heap[T]) swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	*h.at(h.items[i]), *h.at(h.items[j]) = i+1, j+1
}
