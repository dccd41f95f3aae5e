package main

import (
	"context"
	"sync"
	"time"
)

// query stands for any call that gives one answer.
func query(n int) int { return n * n }

// sendAbandoned: three replicas are asked and nobody takes an answer any
// more, because the caller gave up; every send on the unbuffered channel
// blocks for good.
func sendAbandoned() {
	answers := make(chan int)
	for i := 0; i < 3; i++ {
		n := i
		go func() {
			answers <- query(n)
		}()
	}
	// The caller returns early: no receive.
}

// sendAbandonedClean: the buffer has room for every answer.
func sendAbandonedClean() {
	answers := make(chan int, 3)
	for i := 0; i < 3; i++ {
		n := i
		go func() {
			answers <- query(n)
		}()
	}
}

// awaitReply waits for the one reply of a peer.
func awaitReply(reply <-chan string) string {
	return <-reply
}

// receiveAbandoned: four goroutines wait for a reply that the peer never
// sends, because it failed without closing the channel.
func receiveAbandoned() {
	for i := 0; i < 4; i++ {
		reply := make(chan string)
		go func() {
			awaitReply(reply)
		}()
	}
}

// receiveAbandonedClean: the failing peer closes the channel.
func receiveAbandonedClean() {
	for i := 0; i < 4; i++ {
		reply := make(chan string)
		go func() {
			awaitReply(reply)
		}()
		close(reply)
	}
}

// consume drains jobs until the channel is closed.
func consume(jobs <-chan int) (sum int) {
	for j := range jobs {
		sum += j
	}
	return sum
}

// rangeUnclosed: five workers range over a channel that is never closed.
func rangeUnclosed() {
	jobs := make(chan int)
	for i := 0; i < 5; i++ {
		go consume(jobs)
	}
	for j := 0; j < 10; j++ {
		jobs <- j
	}
}

// rangeUnclosedClean: the producer closes the channel when it is done.
func rangeUnclosedClean() {
	jobs := make(chan int)
	defer close(jobs)
	for i := 0; i < 5; i++ {
		go consume(jobs)
	}
	for j := 0; j < 10; j++ {
		jobs <- j
	}
}

// A bus has two channels that its zero value leaves nil.
type bus struct {
	in, out chan int
}

func (b *bus) listen() int   { return <-b.in }
func (b *bus) publish(v int) { b.out <- v }

// nilChannel: the zero bus is used, so three receives and two sends wait on
// nil channels.
func nilChannel() {
	b := new(bus)
	for i := 0; i < 3; i++ {
		go b.listen()
	}
	for i := 0; i < 2; i++ {
		go b.publish(i)
	}
}

// nilChannelClean: the channels are made.
func nilChannelClean() {
	b := &bus{in: make(chan int), out: make(chan int, 2)}
	for i := 0; i < 3; i++ {
		go b.listen()
	}
	for i := 0; i < 2; i++ {
		go b.publish(i)
	}
	for i := 0; i < 3; i++ {
		b.in <- i
	}
}

// selectNoExit: the loop has a case for each kind of work and none for the
// end.
func selectNoExit() {
	jobs, status := make(chan int), make(chan string)
	for i := 0; i < 4; i++ {
		go func() {
			for {
				select {
				case j := <-jobs:
					query(j)
				case <-status:
				}
			}
		}()
	}
}

// selectNoExitClean: a done channel ends the loop.
func selectNoExitClean() {
	jobs, status, done := make(chan int), make(chan string), make(chan struct{})
	defer close(done)
	for i := 0; i < 4; i++ {
		go func() {
			for {
				select {
				case j := <-jobs:
					query(j)
				case <-status:
				case <-done:
					return
				}
			}
		}()
	}
}

// holdOpen keeps its goroutine and all that it holds.
func holdOpen() {
	select {}
}

// selectForever: a select without cases parks two goroutines for good.
func selectForever() {
	for i := 0; i < 2; i++ {
		go holdOpen()
	}
}

// selectForeverClean: it waits for the end instead.
func selectForeverClean() {
	done := make(chan struct{})
	defer close(done)
	for i := 0; i < 2; i++ {
		go func() { <-done }()
	}
}

// contextUnwatched: the context passes its deadline, but the three
// goroutines that got it wait for an update only.
func contextUnwatched() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	updates := make(chan int)
	for i := 0; i < 3; i++ {
		go follow(ctx, updates)
	}
	<-ctx.Done()
}

func follow(ctx context.Context, updates <-chan int) {
	for ctx.Err() == nil {
		<-updates
	}
}

// contextUnwatchedClean: the wait has a case for ctx.Done.
func contextUnwatchedClean() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	updates := make(chan int)
	for i := 0; i < 3; i++ {
		go followContext(ctx, updates)
	}
	<-ctx.Done()
}

func followContext(ctx context.Context, updates <-chan int) {
	for {
		select {
		case <-updates:
		case <-ctx.Done():
			return
		}
	}
}

// deliver hands one event over.
func deliver(events chan<- int, n int) {
	events <- n
}

// loopUnbounded: every event starts a goroutine of its own, without a limit,
// and there is nothing that takes so many.
func loopUnbounded() {
	events := make(chan int)
	for i := 0; i < 25; i++ {
		go deliver(events, i)
	}
}

// loopUnboundedClean: four workers at most, ended by closing their channel.
func loopUnboundedClean() {
	const limit = 4
	events := make(chan int)
	var wg sync.WaitGroup
	for i := 0; i < limit; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			consume(events)
		}()
	}
	for i := 0; i < 25; i++ {
		deliver(events, i)
	}
	close(events)
	wg.Wait()
}
