// Package leaky calls the standard gRPC health service, and one test does not close its ClientConn.
package leaky

import (
	"context"
	"net"
	"os"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

var address string

func TestMain(m *testing.M) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	address = listener.Addr().String()
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	os.Exit(m.Run())
}

func dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

func check(t *testing.T, connection *grpc.ClientConn) {
	t.Helper()
	client := grpc_health_v1.NewHealthClient(connection)
	if _, err := client.Check(context.Background(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
}

func TestCloses(t *testing.T) {
	connection := dial(t)
	defer connection.Close()
	check(t, connection)
}

func TestForgetsToClose(t *testing.T) { check(t, dial(t)) }

func TestClosesInCleanup(t *testing.T) {
	connection := dial(t)
	t.Cleanup(func() { connection.Close() })
	check(t, connection)
}
