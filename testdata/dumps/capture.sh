#!/usr/bin/env bash
#
# capture.sh makes the dumps of this folder.
#
#   testdata/dumps/capture.sh LABEL=GO...
#
# LABEL is a Go release such as 1.27 and GO its go command, oldest first.

set -euo pipefail
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clean=(env -i PATH=/usr/bin:/bin HOME=/nonexistent TZ=UTC LC_ALL=C)

cd "$here/program"
for arg in "$@"; do
	label=${arg%%=*}
	go=${arg#*=}
	out=$here/go$label
	rm -rf "$out"
	mkdir -p "$out"
	export GOTOOLCHAIN=local GOFLAGS=-trimpath GOENV=off GOWORK=off GODEBUG='' CGO_ENABLED=0
	export GOEXPERIMENT=
	[ "$label" != 1.26 ] || GOEXPERIMENT=goroutineleakprofile
	"$go" build -o "$work/dumps" .
	run=("${clean[@]}" GOMAXPROCS=4)
	case $label in
	1.21 | 1.27)
		"${run[@]}" "$work/dumps" pair "$out"
		"${run[@]}" GOTRACEBACK=crash "$work/dumps" panic 2>"$out/crash.txt" || true
		"${run[@]}" "$work/dumps" quit 2>"$out/quit.txt" || true
		"${run[@]}" GOTRACEBACK=crash "$work/dumps" threads 2>"$out/threads.txt" || true
		"${run[@]}" GOTRACEBACK=all "$work/dumps" deep 2>"$out/deep.txt" || true
		"$go" test -v -timeout 1s -run TestHangs . >"$out/timeout.log" 2>&1 || true
		;;
	*)
		"${run[@]}" "$work/dumps" forms "$out"
		;;
	esac
	case $label in
	1.22 | 1.25)
		"${run[@]}" GOTRACEBACK=all "$work/dumps" panic 2>"$out/panic.txt" || true
		;;
	1.26 | 1.27)
		"${run[@]}" GODEBUG=tracebacklabels=1 "$work/dumps" labels "$out"
		"${run[@]}" "$work/dumps" leaked "$out"
		"${run[@]}" GOTRACEBACK=system "$work/dumps" coroutine 2>"$out/coroutine.txt" || true
		;;
	esac
	case $label in
	1.25 | 1.27)
		GODEBUG=asynctimerchan=0 DUMP=$out/bubble.txt "$go" test -run TestBubble . >/dev/null
		;;
	esac
	case $label in
	1.23 | 1.27)
		"${run[@]}" GODEBUG=tracebackancestors=5 "$work/dumps" forms "$work"
		mv "$work/debug2.txt" "$out/ancestors.txt"
		;;
	esac
done
# The core of a crash is of no use.
rm -f core core.*
