#!/usr/bin/env bash
# The step `check` of action.yml: runs leakgate and outputs the result. It always succeeds: the step `verdict` fails instead, so
# that the outputs are there for later steps.
#
# For every bash that runners have: 3.2 on macOS, Git Bash on Windows.
set -euo pipefail

leakgate=$LEAKGATE_ACTION_BINARY
run=$LEAKGATE_ACTION_RUN
before=$LEAKGATE_ACTION_BEFORE
after=$LEAKGATE_ACTION_AFTER
merge=$LEAKGATE_ACTION_MERGE
expect=$LEAKGATE_ACTION_EXPECT
policy=$LEAKGATE_ACTION_POLICY
baseline=$LEAKGATE_ACTION_BASELINE
base=$LEAKGATE_ACTION_BASE
confirm=$LEAKGATE_ACTION_CONFIRM
against_policy=$LEAKGATE_ACTION_AGAINST_POLICY
against_baseline=$LEAKGATE_ACTION_AGAINST_BASELINE
suite=$LEAKGATE_ACTION_SUITE
fail_on=$LEAKGATE_ACTION_FAIL_ON
reports=$LEAKGATE_ACTION_REPORTS
annotations=$LEAKGATE_ACTION_ANNOTATIONS
summary=$LEAKGATE_ACTION_SUMMARY
working_directory=$LEAKGATE_ACTION_WORKING_DIRECTORY
# The wrapped command gets the environment that it would have without leakgate.
unset "${!LEAKGATE_ACTION_@}"

# trim TEXT: removes blanks and line breaks at both ends.
trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# refuse MESSAGE: the inputs cannot be used. What is special in a workflow command is escaped.
refuse() {
    local message=${1//[%]/%25}
    message=${message//$'\r'/%0D}
    message=${message//$'\n'/%0A}
    printf '::error title=leakgate::%s\n' "$message"
    printf 'result=error\nexit-code=2\n' >>"$GITHUB_OUTPUT"
    exit 0
}

# absolute PATH: as the steps after this one need it, which may be no bash and run elsewhere.
absolute() {
    local path=$1
    case $path in
        /* | [A-Za-z]:* | \\\\*) ;;
        *) path=$PWD/$path ;;
    esac
    if command -v cygpath >/dev/null; then
        cygpath -m "$path"
    else
        printf '%s' "$path"
    fi
}

run=$(trim "$run")
before=$(trim "$before")
after=$(trim "$after")
merge=$(trim "$merge")
case ${run:+run}-${before:+before}-${after:+after}${merge:+-merge} in
    run-- | -before-after | ---merge) ;;
    --) refuse "nothing to check: give run (a command such as go test ./...), before and after (profiles), or merge (reports)" ;;
    *-merge) refuse "merge goes with neither run nor before and after: it reads reports that other jobs wrote" ;;
    run-*) refuse "run and before or after are both given: leakgate captures around the command of run itself" ;;
    *) refuse "before and after go together: only one of them is given" ;;
esac
[ -z "$base" ] || [ -n "$run" ] || refuse "the input base goes with run: of two captured sides, before is the base"
[ -z "$confirm" ] || [ -n "$run" ] || refuse "the input confirm goes with run: profiles that were captured cannot run again"
[ -z "$merge" ] || [ -z "$policy$baseline$against_policy$against_baseline" ] ||
    refuse "merge reads what was judged already: give policy, baseline and what these are compared with to the jobs that judge"
case ${merge:+merge}-$expect in
    *-) ;;
    -*) refuse "the input expect goes with merge" ;;
    *-*[!0-9]*) refuse "the input expect is \"$expect\": give a number" ;;
esac
case $fail_on in
    error | warning | loosened | never) ;;
    *) refuse "the input fail-on is \"$fail_on\": give error, warning, loosened or never" ;;
esac
case $annotations-$summary in
    true-true | true-false | false-true | false-false) ;;
    *) refuse "the inputs annotations and summary are \"$annotations\" and \"$summary\": give each true or false" ;;
esac
case $working_directory in
    *$'\n'* | *$'\r'*) refuse "the input working-directory holds a line break" ;;
esac
cd -- "${working_directory:-.}" || refuse "the working-directory \"$working_directory\" cannot be entered: does it exist, and is this step after the checkout?"

folder=$(mktemp -d "${RUNNER_TEMP//\\//}/leakgate.XXXXXX")
arguments=("--fail-on=$fail_on")
[ -z "$policy" ] || arguments+=("--policy=$policy")
[ -z "$baseline" ] || arguments+=("--baseline=$baseline")
[ -z "$against_policy" ] || arguments+=("--against-policy=$against_policy")
[ -z "$against_baseline" ] || arguments+=("--against-baseline=$against_baseline")
[ -z "$suite" ] || arguments+=("--suite=$suite")
if [ "$annotations" = true ]; then
    arguments+=(--report=github)
else
    arguments+=(--report=text)
fi
# Leakgate adds to the summary by itself.
[ "$summary" = true ] || arguments+=(--no-summary)

json=
sarif=
markdown=
while IFS= read -r line; do
    line=$(trim "$line")
    case $line in
        '') continue ;;
        =* | *=) refuse "\"$line\" of the input reports is not format=path" ;;
        json=*) json=${json:-${line#*=}} ;;
        sarif=*) sarif=${sarif:-${line#*=}} ;;
        markdown=*) markdown=${markdown:-${line#*=}} ;;
        *=*) ;;
        *) refuse "\"$line\" of the input reports is not format=path" ;;
    esac
    arguments+=("--report=$line")
done <<<"$reports"
[ -n "$json" ] || { json=$folder/report.json && arguments+=("--report=json=$json"); }
[ -n "$sarif" ] || { sarif=$folder/report.sarif && arguments+=("--report=sarif=$sarif"); }
[ -n "$markdown" ] || { markdown=$folder/report.md && arguments+=("--report=markdown=$markdown"); }
# The last report, so that it exists only if leakgate finished.
arguments+=("--report=outputs=$folder/outputs")

if [ -n "$run" ]; then
    [ -z "$base" ] || arguments+=("--base=$base")
    [ -z "$confirm" ] || arguments+=("--confirm=$confirm")
    arguments=(run "${arguments[@]}" --)
    words='^go [A-Za-z0-9_./:,=@%+ -]+$'
    if [[ $run =~ $words ]]; then
        # A plain go command, with nothing for a shell to change: leakgate can then read it, and names the packages that did
        # not build.
        read -r -a command <<<"$run"
    else
        # A file, as the runner itself does it: on Windows, a script in an argument would be quoted again. Bash by its full
        # path, because on Windows the first bash that a program finds belongs to another system.
        printf '%s\n' "$run" >"$folder/run.sh"
        command=("$(absolute "$BASH")" --noprofile --norc -eo pipefail "$folder/run.sh")
    fi
    arguments+=("${command[@]}")
elif [ -n "$merge" ]; then
    arguments=(report "${arguments[@]}")
    [ -z "$expect" ] || arguments+=("--expect=$expect")
    arguments+=(--)
    while IFS= read -r line; do
        line=$(trim "$line")
        [ -n "$line" ] || continue
        # A pattern without a file stays as it is: leakgate says that there is none.
        matched=$(compgen -G "$line") || matched=$line
        while IFS= read -r path; do
            arguments+=("$path")
        done <<<"$matched"
    done <<<"$merge"
else
    arguments=(check "${arguments[@]}" -- "$before")
    while IFS= read -r line; do
        line=$(trim "$line")
        [ -z "$line" ] || arguments+=("$line")
    done <<<"$after"
fi

# Outputs that the command writes have no name outside of this action, and must not mix with those written below.
output=$GITHUB_OUTPUT
export GITHUB_OUTPUT=$folder/output-of-command
code=0
"$leakgate" "${arguments[@]}" || code=$?

if [ -f "$folder/outputs" ]; then
    cat "$folder/outputs"
    printf 'report-%s\n' "json=$(absolute "$json")" "sarif=$(absolute "$sarif")" "markdown=$(absolute "$markdown")"
elif [ "$code" -eq 3 ]; then
    echo result=no-evidence
else
    echo result=error
    # Nothing was judged, so the step must not be green.
    [ "$code" -ne 0 ] || code=2
fi >>"$output"
printf 'exit-code=%s\n' "$code" >>"$output"
