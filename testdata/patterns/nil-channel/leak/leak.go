// Package leak receives from a channel that was never made.
package leak

// Watch calls changed for every change.
func Watch(changed func(string)) {
	var changes chan string
	go func() {
		for change := range changes {
			changed(change)
		}
	}()
}
