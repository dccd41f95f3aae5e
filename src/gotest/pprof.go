// This is put behind a file of package runtime/pprof while leakgate runs a test command: a profile
// that is written before the tests begin must not open files through package os, which would start
// the runtime's poller. It reads the same as package os does.

package pprof

import (
	"syscall"
)

// leakgateFile is read by plain system calls.
type leakgateFile struct {
	read  func([]byte) (int, error)
	seek  func(int64) error
	Close func() error
}

func leakgateOpen(path string, mode int) (*leakgateFile, error) {
	file, err := syscall.Open(path, mode|syscall.O_CLOEXEC, 0)
	for err == syscall.EINTR {
		file, err = syscall.Open(path, mode|syscall.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, err
	}
	return &leakgateFile{
		read: func(data []byte) (n int, err error) {
			for n, err = syscall.Read(file, data); err == syscall.EINTR; {
				n, err = syscall.Read(file, data)
			}
			return
		},
		seek: func(offset int64) error {
			_, err := syscall.Seek(file, offset, 0)
			return err
		},
		Close: func() error { return syscall.Close(file) },
	}, nil
}

// ReadAt fills data with what is at offset, or fails.
func (file *leakgateFile) ReadAt(data []byte, offset int64) (int, error) {
	if err := file.seek(offset); err != nil {
		return 0, err
	}
	filled := 0
	for filled < len(data) {
		n, err := file.read(data[filled:])
		if err != nil {
			return filled, err
		}
		if n <= 0 {
			return filled, errBadELF
		}
		filled += n
	}
	return filled, nil
}

func leakgateReadFile(path string, mode int) ([]byte, error) {
	file, err := leakgateOpen(path, mode)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var data []byte
	part := make([]byte, 1<<16)
	for {
		n, err := file.read(part)
		if n <= 0 || err != nil {
			return data, err
		}
		data = append(data, part[:n]...)
	}
}
