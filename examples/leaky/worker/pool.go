// Package worker makes small pictures of the shop's items, several at a time.
package worker

import "sync"

// Pool runs jobs on a fixed number of goroutines.
type Pool struct {
	jobs    chan func()
	workers sync.WaitGroup
}

// NewPool starts the workers. They run until Close.
func NewPool(workers int) *Pool {
	p := &Pool{jobs: make(chan func())}
	p.workers.Add(workers)
	for i := 0; i < workers; i++ {
		go p.work()
	}
	return p
}

func (p *Pool) work() {
	defer p.workers.Done()
	for job := range p.jobs {
		job()
	}
}

// Do has a worker run the job. It waits for a free worker, not for the job.
func (p *Pool) Do(job func()) {
	p.jobs <- job
}

// Close waits for all jobs and ends the workers.
func (p *Pool) Close() {
	close(p.jobs)
	p.workers.Wait()
}
