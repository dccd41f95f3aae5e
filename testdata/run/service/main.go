// Command service is a live service that leaks a goroutine for each request, and a client for it.
//
//	service            listens on a port of its own choice and prints its address
//	service get URL    sends a request
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
)

func forget(answer chan int) { answer <- 1 }

func main() {
	if len(os.Args) == 3 && os.Args[1] == "get" {
		response, err := http.Get(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		defer response.Body.Close()
		_, _ = io.Copy(os.Stdout, response.Body)
		return
	}
	http.HandleFunc("/pay", func(w http.ResponseWriter, r *http.Request) {
		go forget(make(chan int))
		fmt.Fprintln(w, "paid")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, nil))
}
