package scheduler

// list is a doubly linked list through nodes that its elements contain: to enter or leave it costs one step and no memory.
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
func (l *list[T]) push(n *node[T]) {
	n.remove()
	n.in, n.prev, n.next = l, l.last, nil
	if l.last != nil {
		l.last.next = n
	} else {
		l.first = n
	}
	l.last = n
	l.n++
}

// pushBefore adds a node before another one of the list; before none: at the end.
func (l *list[T]) pushBefore(n, next *node[T]) {
	if next == nil {
		l.push(n)
		return
	}
	n.remove()
	n.in, n.prev, n.next = l, next.prev, next
	if next.prev != nil {
		next.prev.next = n
	} else {
		l.first = n
	}
	next.prev = n
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
