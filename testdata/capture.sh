#!/usr/bin/env bash
#
# capture.sh makes every file of testdata/profiles and testdata/special, and
# special.txt.
#
#   testdata/capture.sh LABEL=GO...
#
# LABEL is a Go release such as 1.27 and GO its go command, for example
#
#   testdata/capture.sh 1.21=/opt/go1.21/bin/go 1.27=/opt/go1.27/bin/go
#
# Without arguments, the words of LEAKS_GO are taken instead. The last one makes
# testdata/special and the readable forms (go tool pprof -raw), so name the
# newest last. LEAKS_SPECIAL=no leaves testdata/special alone. LEAKS_CAPTURE=no
# captures nothing: it only writes the readable forms of all profiles again.
#
# The programs are built and run in LEAKS_DIR (default /tmp/leaks), because the
# path of a binary is part of its profile. Besides go it needs curl and gzip,
# and gcc for the race build.

set -euo pipefail
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${LEAKS_DIR:-/tmp/leaks}

# The programs see nothing of the environment that runs this script.
clean=(env -i PATH=/usr/bin:/bin HOME=/nonexistent TZ=UTC LC_ALL=C)

die() {
	echo "capture.sh: $*" >&2
	exit 1
}

if [ "$#" -eq 0 ]; then
	read -r -a words <<<"${LEAKS_GO:-}"
	set -- "${words[@]}"
fi
[ "$#" -gt 0 ] || die "no go command given, see the head of this file"

labels=()
gos=()
for arg in "$@"; do
	label=${arg%%=*}
	go=${arg#*=}
	[ "$label" != "$arg" ] || die "want LABEL=GO, have $arg"
	GOTOOLCHAIN=local "$go" version | grep -qF "go$label" ||
		die "$go is not Go $label"
	labels+=("$label")
	gos+=("$go")
done
newest=${gos[-1]}

mkdir -p "$work"
work=$(cd "$work" && pwd -P)
cd "$here/programs"

# build LABEL GO OUTPUT PACKAGE [FLAG...]
build() {
	local label=$1 go=$2 output=$3 package=$4 experiment=
	shift 4
	if [ "$label" = 1.26 ]; then
		experiment=goroutineleakprofile
	fi
	GOTOOLCHAIN=local GOFLAGS='' GOENV=off GOWORK=off GODEBUG='' \
		GOEXPERIMENT=$experiment CGO_ENABLED="${CGO_ENABLED:-0}" \
		"$go" build -trimpath -buildvcs=false "$@" -o "$output" "$package"
}

# readable DIR [TEST...] writes DIR.txt: how go tool pprof reads each profile
# below DIR for which the tests of find hold, sorted by the bytes of their paths.
readable() {
	local dir=$1 file
	shift
	find "$dir" -name '*.pb.gz' "$@" -printf '%P\n' | LC_ALL=C sort |
		while read -r file; do
			"${clean[@]}" PPROF_TMPDIR="$work" PPROF_BINARY_PATH="$work/none" \
				"$work/pprof" -raw -symbolize=none "$dir/$file" \
				>"$work/raw.txt" 2>"$work/pprof.err" || {
				cat "$work/pprof.err" >&2
				die "pprof -raw $file"
			}
			awk -v file="$file" -f "$here/readable.awk" "$work/raw.txt"
		done >"$dir.txt"
}

# wait_for FILE waits until a background program has written its first line.
wait_for() {
	local i
	for i in $(seq 100); do
		[ -s "$1" ] && return
		sleep 0.05
	done
	die "nothing in $1 after $((i / 20)) s"
}

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

# serve starts a fresh net/http/pprof server and sets url and server.
serve() {
	: >"$work/address"
	"${clean[@]}" "$work/special" serve >"$work/address" &
	server=$!
	wait_for "$work/address"
	url=$(cat "$work/address")
	# The first request starts what starts once.
	curl -sS -f -o "$work/ignored" "$url/debug/pprof/goroutine"
	sleep 0.3
}

stop_server() {
	kill "$server"
	wait "$server" 2>/dev/null || true
	server=
}

# special LABEL GO makes testdata/special.
special() {
	local label=$1 go=$2 out=$here/special size race after
	rm -rf "$out"
	mkdir -p "$out"
	build "$label" "$go" "$work/special" ./special

	"${clean[@]}" "$work/special" heap "$out/heap.pb.gz"
	"${clean[@]}" "$work/special" cpu "$out/cpu.pb.gz"
	"${clean[@]}" "$work/special" debug "$out"
	"${clean[@]}" "$work/special" select-main "$out/select-main-proven.pb.gz"

	# Over HTTP: a pair with a leak of seven between, and a wrong path.
	serve
	curl -sS -f -o "$out/http-before.pb.gz" "$url/debug/pprof/goroutine"
	sleep 0.3
	curl -sS -f "$url/start?n=7"
	sleep 0.3
	curl -sS -f -o "$out/http-after.pb.gz" "$url/debug/pprof/goroutine"
	curl -sS -o "$out/not-found.txt" "$url/debug/goroutine"
	stop_server

	# A delta: of nine goroutines five end and four others start.
	serve
	curl -sS -f "$url/start?n=9"
	sleep 0.3
	curl -sS -f "$url/later?end=5&start=4"
	curl -sS -f -o "$out/delta.pb.gz" "$url/debug/pprof/goroutine?seconds=1"
	stop_server

	# A delta with growth only. The handler itself still counts as one gone
	# and one new, since it takes its two profiles at two lines; without it no
	# value is negative.
	serve
	curl -sS -f "$url/later?start=6"
	curl -sS -f -o "$out/delta-self.pb.gz" "$url/debug/pprof/goroutine?seconds=1"
	stop_server
	"${clean[@]}" PPROF_TMPDIR="$work" PPROF_BINARY_PATH="$work/none" \
		"$work/pprof" -proto -symbolize=none -output "$out/delta-growing.pb.gz" \
		-ignore='^net/http[./]' "$out/delta-self.pb.gz" >/dev/null 2>&1

	# A real go test run.
	mkdir -p "$work/test"
	LEAKS_DIR=$work/test TZ=UTC GOTOOLCHAIN=local GOFLAGS='' GOENV=off GOWORK=off \
		GODEBUG='' CGO_ENABLED=0 TMPDIR=/tmp \
		"$go" test -trimpath -buildvcs=false -count=1 ./parallel >"$work/test.log" ||
		die "go test ./parallel failed, see $work/test.log"
	cp "$work/test/before.pb.gz" "$out/test-before.pb.gz"
	cp "$work/test/after.pb.gz" "$out/test-after.pb.gz"

	# The race build needs cgo and a C compiler.
	race=$work/race
	mkdir -p "$race"
	if CGO_ENABLED=1 build "$label" "$go" "$race/leaks" . -race; then
		"${clean[@]}" "$race/leaks" closure-in-closure "$race"
		cp "$race/before.pb.gz" "$out/race-before.pb.gz"
		cp "$race/after.pb.gz" "$out/race-after.pb.gz"
	else
		echo "capture.sh: no race build, so no special/race-*.pb.gz" >&2
	fi

	# By plain tools, from one real profile.
	after=$here/profiles/go$label/send-abandoned/after.pb.gz
	gzip -dc "$after" >"$out/inflated.pb"
	size=$(wc -c <"$out/inflated.pb")
	{
		head -c $((size / 2)) "$out/inflated.pb" | gzip -n
		tail -c +$((size / 2 + 1)) "$out/inflated.pb" | gzip -n
	} >"$out/two-members.pb.gz"
	{
		cat "$after"
		head -c 512 /dev/zero
	} >"$out/padded.pb.gz"
	size=$(wc -c <"$after")
	head -c $((size / 2)) "$after" >"$out/truncated.pb.gz"
	: >"$out/empty.pb.gz"
}

build "${labels[-1]}" "$newest" "$work/pprof" cmd/pprof

for i in "${!labels[@]}"; do
	[ "${LEAKS_CAPTURE:-yes}" != no ] || break
	label=${labels[$i]}
	out=$here/profiles/go$label
	echo "Go $label"
	rm -rf "$out"
	build "$label" "${gos[$i]}" "$work/leaks" .
	"$work/leaks" -list >"$work/names"
	while read -r name; do
		"${clean[@]}" "$work/leaks" "$name" "$out/$name" </dev/null
	done <"$work/names"
done

if [ "${LEAKS_CAPTURE:-yes}" != no ] && [ "${LEAKS_SPECIAL:-yes}" != no ]; then
	echo "special"
	special "${labels[-1]}" "$newest"
fi

echo "readable forms"
for dir in "$here"/profiles/go*/; do
	readable "${dir%/}"
done
# pprof cannot read all that plain tools made, and the rest is one profile again.
readable "$here/special" -not -name two-members.pb.gz -not -name padded.pb.gz \
	-not -name truncated.pb.gz -not -name empty.pb.gz
if awk '/^==/ { here = $2 == "delta-growing.pb.gz" } here && /^-/' \
	"$here/special.txt" | grep -q .; then
	die "special/delta-growing.pb.gz has a negative value"
fi

# Nothing may say where this was made.
found=0
while read -r file; do
	if { cat "$file" && gzip -dcf "$file" 2>/dev/null; } |
		grep -qaF -e "$here" -e "${HOME:-/nonexistent-home}/"; then
		echo "capture.sh: $file holds a path of this machine" >&2
		found=1
	fi
done < <(find "$here/profiles" "$here/special" "$here/special.txt" -type f)
exit "$found"
