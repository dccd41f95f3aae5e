package main

import "time"

// tickerUnstopped: two refreshers range over a ticker's channel. Stop does
// not close it, and here there is not even a Stop.
func tickerUnstopped() {
	for i := 0; i < 2; i++ {
		go func() {
			t := time.NewTicker(time.Minute)
			for range t.C {
				query(1)
			}
		}()
	}
}

// tickerUnstoppedClean: the ticker is stopped and a done channel ends the
// loop.
func tickerUnstoppedClean() {
	done := make(chan struct{})
	defer close(done)
	for i := 0; i < 2; i++ {
		go func() {
			t := time.NewTicker(time.Minute)
			defer t.Stop()
			for {
				select {
				case <-t.C:
					query(1)
				case <-done:
					return
				}
			}
		}()
	}
}

// timeAfterLoop: three loops wait for input or for time.After, with a new
// timer in each round and no way out.
func timeAfterLoop() {
	input := make(chan int)
	for i := 0; i < 3; i++ {
		go watchIdle(input)
	}
	input <- 1
}

func watchIdle(input <-chan int) {
	for {
		select {
		case v := <-input:
			query(v)
		case <-time.After(time.Minute):
		}
	}
}

// timeAfterLoopClean: one timer, stopped, and an end when the input is
// closed.
func timeAfterLoopClean() {
	input := make(chan int)
	for i := 0; i < 3; i++ {
		go watchIdleClean(input)
	}
	input <- 1
	close(input)
}

func watchIdleClean(input <-chan int) {
	idle := time.NewTicker(time.Minute)
	defer idle.Stop()
	for {
		select {
		case v, ok := <-input:
			if !ok {
				return
			}
			query(v)
		case <-idle.C:
		}
	}
}

// poll asks again and again, and nothing can stop it.
func poll(ready func() bool) {
	for !ready() {
		time.Sleep(time.Minute)
	}
}

// sleepLoop: four goroutines poll for something that never comes.
func sleepLoop() {
	for i := 0; i < 4; i++ {
		go poll(func() bool { return false })
	}
}

// pollUntil waits with a timer that done interrupts.
func pollUntil(done <-chan struct{}, ready func() bool) {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for !ready() {
		select {
		case <-t.C:
		case <-done:
			return
		}
	}
}

// sleepLoopClean: the poll watches a done channel as well.
func sleepLoopClean() {
	done := make(chan struct{})
	defer close(done)
	for i := 0; i < 4; i++ {
		go pollUntil(done, func() bool { return false })
	}
}
