// launches runs go test, as many tools for tests do.
package main

import (
	"os"
	"os/exec"
)

//go:generate go test example.com/run/forges

func main() {
	command := exec.Command("go", append([]string{"test"}, os.Args[1:]...)...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if command.Run() != nil {
		os.Exit(1)
	}
}
