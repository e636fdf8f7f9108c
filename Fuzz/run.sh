#!/bin/bash
# Builds the fuzz targets and runs each for FUZZ_SECONDS (60), or those named as arguments. Ends with 1 if one found
# something; the input is then kept under .build/found/TARGET and its path printed.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${FUZZ_SECONDS:-60}
targets=("$@")
known=$(cd Corpus && ls -d */ | tr -d /)
[ ${#targets[@]} -gt 0 ] || mapfile -t targets <<<"$known"
for target in "${targets[@]}"; do
    [ -d "Sources/fuzz-$target" ] || { echo "There is no target $target; there are $(xargs <<<"$known")." >&2; exit 2; }
done

# What earlier runs found worth keeping: one input a line, in hexadecimal.
unpack() {
    local number=0
    sed 's/../\\x&/g' "Corpus/$1.learned" | while read -r line; do
        number=$((number + 1))
        printf "$line" >"$2/kept-$number"
    done
}

mkdir -p .build
# Not `--sanitize fuzzer --sanitize address`: SwiftPM passes the two in any order, and the compiler heeds the last one.
flags=(-c release --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address)
if ! swift build "${flags[@]}" >.build/build.log 2>&1; then
    cat .build/build.log >&2
    exit 2
fi
binaries=$(swift build "${flags[@]}" --show-bin-path)

# A Swift trap is told by libFuzzer itself; looking up symbols for it can take minutes.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=symbolize=0:detect_leaks=0
failed=0
for target in "${targets[@]}"; do
    found=.build/found/$target
    learned=.build/learned/$target
    mkdir -p "$found" "$learned"
    unpack "$target" "$learned"
    log=.build/$target.log
    status=0
    # An input may take a second and the process 512 MB; timeout ends a process that libFuzzer cannot end.
    timeout $((seconds + 60)) "$binaries/fuzz-$target" "$learned" "Corpus/$target" -max_total_time="$seconds" \
        -max_len=4096 -timeout=1 -rss_limit_mb=512 -print_final_stats=1 -artifact_prefix="$found/" \
        >"$log" 2>&1 || status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    edges=$(grep -oE 'cov: [0-9]+' "$log" | tail -1 | cut -d' ' -f2 || true)
    printf '%-12s %12s executions %8s/s %6s edges' "$target" "${executions:-?}" "${rate:-?}" "${edges:-?}"
    if [ "$status" -eq 0 ]; then
        if grep -q "Is the code instrumented" "$log"; then
            failed=1
            echo "   NOT INSTRUMENTED"
        else
            echo "   nothing found"
        fi
    else
        failed=1
        echo "   FOUND (status $status)"
        grep -E "property broken|Fatal error|ERROR:|Test unit written" "$log" | sed 's/^/    /' || true
        echo "    again: $binaries/fuzz-$target FILE"
    fi
done
exit $failed
