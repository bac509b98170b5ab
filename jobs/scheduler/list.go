package scheduler

// list is a doubly linked list through nodes that its elements contain: to enter or leave it costs one step and no
// memory.
type list[T any] struct {
	first, last *node[T]
	n           int
}

type node[T any] struct {
	of         T
	in         *list[T]
	prev, next *node[T]
}

// push adds a node at the end.
func (l *list[T]) push(n *node[T]) { l.pushBefore(n, nil) }

// pushBefore adds a node before another one of the list; before none: at the end.
func (l *list[T]) pushBefore(n, next *node[T]) {
	n.remove()
	prev := l.last
	if next != nil {
		prev = next.prev
	}
	n.in, n.prev, n.next = l, prev, next
	if prev != nil {
		prev.next = n
	} else {
		l.first = n
	}
	if next != nil {
		next.prev = n
	} else {
		l.last = n
	}
	l.n++
}

// remove takes the node out of the list that it is in, if it is in any.
func (n *node[T]) remove() {
	l := n.in
	if l == nil {
		return
	}
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		l.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		l.last = n.prev
	}
	n.in, n.prev, n.next = nil, nil, nil
	l.n--
}
