// Package notests has no tests.
package notests

// Answer is there to be built.
const Answer = 42
