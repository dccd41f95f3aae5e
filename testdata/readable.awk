# Shortens what `pprof -raw` prints of one profile to what tests compare: its
# name, kind and time, and for each sample its values, its labels and its stack,
# leaf first. Addresses and mappings are left out. `file` is the profile's name.
#
# Input:  "          3: 1 2", "                key:[value]", then under Locations
#         "     1: 0x4866a9 M=1 runtime.gopark runtime/proc.go:474:0 s=457" and,
#         for each function that was inlined there, a line without id and address
# Output: "3 key:[value]", "\truntime.gopark runtime/proc.go:474", ...

/^Time: / { time = substr($0, 7) }
/^Duration: / { duration = " Duration: " $2 }
/^Samples:$/ { part = "samples"; getline types; next }
/^Locations$/ { part = "locations"; next }
/^Mappings$/ { exit }

part == "samples" && /:\[/ {
	sub(/^ */, "")
	sub(/ *$/, "")
	head[samples] = head[samples] " " $0
	next
}
part == "samples" {
	split($0, halves, ":")
	$0 = halves[1]
	$1 = $1
	head[++samples] = $0
	stack[samples] = halves[2]
}
part == "locations" {
	if ($1 ~ /^[0-9]+:$/) id = $1 + 0
	place = $(NF - 1)
	sub(/:[0-9]+$/, "", place)
	frames[id] = frames[id] "\t" $(NF - 2) " " place "\n"
}

END {
	print "== " file " " types " " time duration
	for (i = 1; i <= samples; i++) {
		print head[i]
		count = split(stack[i], ids, " ")
		for (j = 1; j <= count; j++) printf "%s", frames[ids[j]]
	}
}
