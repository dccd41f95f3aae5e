package main

import (
	"errors"
	"sync"
	"time"
)

var errFull = errors.New("full")

type store struct {
	mu    sync.Mutex
	limit int
	items map[string]int
}

// put forgets to unlock on its error path.
func (s *store) put(key string, v int) error {
	s.mu.Lock()
	if len(s.items) >= s.limit {
		return errFull
	}
	s.items[key] = v
	s.mu.Unlock()
	return nil
}

// putClean unlocks on every path.
func (s *store) putClean(key string, v int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.items) >= s.limit {
		return errFull
	}
	s.items[key] = v
	return nil
}

// mutexUnlocked: an early return keeps the lock, and five later callers wait
// for it.
func mutexUnlocked() {
	s := &store{items: map[string]int{}}
	s.put("a", 1)
	for i := 0; i < 5; i++ {
		go func() {
			s.put("b", 2)
		}()
	}
}

// mutexUnlockedClean: defer unlocks.
func mutexUnlockedClean() {
	s := &store{items: map[string]int{}}
	s.putClean("a", 1)
	for i := 0; i < 5; i++ {
		go func() {
			s.putClean("b", 2)
		}()
	}
}

type settings struct {
	mu    sync.RWMutex
	value string
}

func (s *settings) get() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.value
}

func (s *settings) set(v string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = v
}

// rwmutexReader: a read lock is never given back; one writer waits for it,
// and four readers wait behind the writer.
func rwmutexReader() {
	s := new(settings)
	s.mu.RLock()
	// RUnlock is missing.
	go s.set("new")
	for s.mu.TryRLock() { // until the writer waits
		s.mu.RUnlock()
		time.Sleep(time.Millisecond)
	}
	for i := 0; i < 4; i++ {
		go s.get()
	}
}

// rwmutexReaderClean: the read lock is given back.
func rwmutexReaderClean() {
	s := new(settings)
	s.mu.RLock()
	go s.set("new")
	for s.mu.TryRLock() {
		s.mu.RUnlock()
		time.Sleep(time.Millisecond)
	}
	for i := 0; i < 4; i++ {
		go s.get()
	}
	s.mu.RUnlock()
}

// waitgroupUndone: the worker returns early without Done, and three
// goroutines wait for it.
func waitgroupUndone() {
	wg := new(sync.WaitGroup)
	wg.Add(1)
	go func() {
		if query(0) == 0 {
			return
		}
		wg.Done()
	}()
	for i := 0; i < 3; i++ {
		go func() {
			wg.Wait()
		}()
	}
}

// waitgroupUndoneClean: Done is deferred.
func waitgroupUndoneClean() {
	wg := new(sync.WaitGroup)
	wg.Add(1)
	go func() {
		defer wg.Done()
		if query(0) == 0 {
			return
		}
	}()
	for i := 0; i < 3; i++ {
		go func() {
			wg.Wait()
		}()
	}
}

type queue struct {
	mu     sync.Mutex
	filled *sync.Cond
	items  []int
	closed bool
}

func newQueue() *queue {
	q := new(queue)
	q.filled = sync.NewCond(&q.mu)
	return q
}

func (q *queue) pop() (int, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.filled.Wait()
	}
	if len(q.items) == 0 {
		return 0, false
	}
	v := q.items[0]
	q.items = q.items[1:]
	return v, true
}

// condUnsignalled: the queue is closed without a signal to the four that
// wait for an item.
func condUnsignalled() {
	q := newQueue()
	for i := 0; i < 4; i++ {
		go func() {
			q.pop()
		}()
	}
	time.Sleep(20 * time.Millisecond) // all of them wait
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
}

// condUnsignalledClean: closing broadcasts.
func condUnsignalledClean() {
	q := newQueue()
	for i := 0; i < 4; i++ {
		go func() {
			q.pop()
		}()
	}
	time.Sleep(20 * time.Millisecond)
	q.mu.Lock()
	q.closed = true
	q.filled.Broadcast()
	q.mu.Unlock()
}

type client struct {
	once sync.Once
	addr string
}

// address asks for the address once.
func (c *client) address(lookup func() string) string {
	c.once.Do(func() {
		c.addr = lookup()
	})
	return c.addr
}

// onceBlocked: the function of a sync.Once never returns; the one that runs
// it and three others that came later all wait.
func onceBlocked() {
	c := new(client)
	started := make(chan struct{})
	answer := make(chan string)
	go func() {
		c.address(func() string {
			close(started)
			return awaitReply(answer)
		})
	}()
	<-started
	for i := 0; i < 3; i++ {
		go func() {
			c.address(func() string { return "" })
		}()
	}
}

// onceBlockedClean: the lookup gets its answer.
func onceBlockedClean() {
	c := new(client)
	started := make(chan struct{})
	answer := make(chan string)
	go func() {
		c.address(func() string {
			close(started)
			return awaitReply(answer)
		})
	}()
	<-started
	for i := 0; i < 3; i++ {
		go func() {
			c.address(func() string { return "" })
		}()
	}
	close(answer)
}
