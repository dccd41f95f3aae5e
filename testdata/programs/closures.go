package main

// newHandler is a handler factory: it returns a closure, and that closure
// starts another one. The compiler inlines the factory into its caller, which
// some toolchains show in the name of the inner closure.
func newHandler(audit chan<- string) func(path string) {
	return func(path string) {
		go func() {
			audit <- path
		}()
	}
}

// closureInClosure: six requests, and nobody takes what their handlers send.
func closureInClosure() {
	handle := newHandler(make(chan string))
	for i := 0; i < 6; i++ {
		handle("/item")
	}
}

// closureInClosureClean: the channel has room for every message.
func closureInClosureClean() {
	handle := newHandler(make(chan string, 6))
	for i := 0; i < 6; i++ {
		handle("/item")
	}
}

type poller struct {
	wake chan struct{}
}

func (p *poller) run() {
	for range p.wake {
		query(1)
	}
}

// methodValue: three pollers, each started through a method value, and never
// stopped.
func methodValue() {
	for i := 0; i < 3; i++ {
		p := &poller{wake: make(chan struct{})}
		f := p.run
		go f()
	}
}

// methodValueClean: closing the channel stops them.
func methodValueClean() {
	for i := 0; i < 3; i++ {
		p := &poller{wake: make(chan struct{})}
		f := p.run
		go f()
		close(p.wake)
	}
}

type subscription struct {
	topic  string
	events chan string
}

// start has a value receiver; its closure works on the copy.
func (s subscription) start() {
	go func() {
		for e := range s.events {
			query(len(e) + len(s.topic))
		}
	}()
}

// valueReceiverClosure: four subscriptions that are never ended.
func valueReceiverClosure() {
	for i := 0; i < 4; i++ {
		s := subscription{topic: "orders", events: make(chan string)}
		s.start()
		s.events <- "created"
	}
}

// valueReceiverClosureClean: the channel is closed.
func valueReceiverClosureClean() {
	for i := 0; i < 4; i++ {
		s := subscription{topic: "orders", events: make(chan string)}
		s.start()
		s.events <- "created"
		close(s.events)
	}
}
