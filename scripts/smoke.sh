#!/usr/bin/env bash
# Starts the release build with a ledger of its own, sends it real requests over a socket, and stops it.
# Usage: scripts/smoke.sh [PROGRAM]. Prints one line per check; exits with 1 at the first that fails.
# SMOKE_SEEDS: how many demo questions to ask; SMOKE_RIGHT: how many must be answered right.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec < /dev/null
unset PROMPTINTERN_CLIENT_KEY PROMPTINTERN_UPSTREAM_KEY

program=${1:-.build/release/promptintern}
seeds=${SMOKE_SEEDS:-5}
required=${SMOKE_RIGHT:-4}
task=house-books
folder=$(mktemp -d)
server=
checks=0

say() { printf '%s\n' "$*"; }

pass() {
    checks=$((checks + 1))
    say "ok    $*"
}

fail() {
    say "FAIL  $*"
    if [[ -s $folder/server.log ]]; then
        say "the program's own last lines:"
        tail -n 30 "$folder/server.log"
    fi
    exit 1
}

finish() {
    if [[ -n $server ]]; then
        kill -KILL "$server" 2> /dev/null || true
        wait "$server" 2> /dev/null || true
    fi
    rm -rf "$folder"
}
trap finish EXIT

expect() { # NAME EXPECTED ACTUAL
    [[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"
    pass "$1"
}

# A loopback port on which nothing answers now.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
    done
    echo "$port"
}

# request NAME METHOD URL [CURL OPTIONS]: leaves NAME.body and NAME.head, prints the status.
request() {
    local name=$1 method=$2 url=$3
    shift 3
    curl -sS --max-time 60 -X "$method" -o "$folder/$name.body" -D "$folder/$name.head" -w '%{http_code}' "$@" "$url" ||
        echo " (curl failed)"
}

# chat NAME [CURL OPTIONS]: posts NAME.json as a chat completion.
chat() {
    local name=$1
    shift
    request "$name" POST "$base/v1/chat/completions" -H 'content-type: application/json' \
        --data-binary "@$folder/$name.json" "$@"
}

# header NAME FIELD: the field's value in the response NAME.
header() {
    awk -v field="$2:" 'tolower($1) == field { $1 = ""; sub(/^ /, ""); sub(/\r$/, ""); print; exit }' "$folder/$1.head"
}

# strings KEY: every JSON string with that key on standard input, unescaped and joined.
strings() {
    grep -oE "\"$1\"[[:space:]]*:[[:space:]]*\"([^\"\\\\]|\\\\.)*\"" |
        sed -E "s/^\"$1\"[[:space:]]*:[[:space:]]*\"//; s/\"\$//; s/\\\\(.)/\\1/g" | tr -d '\n'
}

# total KEY...: the number under these keys, one inside the other, of the report's totals on standard input.
total() {
    local text key
    text=$(tr -d '\n')
    for key in totals "$@"; do
        [[ $text == *"\"$key\""* ]] || return 0
        text=${text#*"\"$key\""}
    done
    sed -E 's/^[[:space:]]*:[[:space:]]*(-?[0-9]+).*/\1/' <<< "$text"
}

# count NAME: adds what the response NAME says it saved to what the ledger must have.
count() {
    local spared
    spared=$(header "$1" x-promptintern-tokens-saved)
    answered=$((answered + 1))
    saved=$((saved + ${spared:-0}))
}

start() {
    local port admin_port
    port=$(free_port)
    admin_port=$(free_port)
    base=http://127.0.0.1:$port
    admin=http://127.0.0.1:$admin_port
    "$program" serve --config config/gateway.yaml --listen "127.0.0.1:$port" --admin-listen "127.0.0.1:$admin_port" \
        --ledger "$folder/ledger.sqlite" > "$folder/server.log" 2>&1 &
    server=$!
}

wait_until_ready() {
    local _
    for _ in $(seq 150); do
        kill -0 "$server" 2> /dev/null || fail "the program ended before it was ready"
        [[ $(curl -s --max-time 2 -o "$folder/ready.body" -w '%{http_code}' "$base/health/ready") == 200 ]] && return
        sleep 0.2
    done
    fail "not ready after 30 seconds: $(cat "$folder/ready.body" 2> /dev/null)"
}

stop() {
    local status=0 _
    kill -TERM "$server"
    for _ in $(seq 100); do
        kill -0 "$server" 2> /dev/null || break
        sleep 0.1
    done
    kill -0 "$server" 2> /dev/null && fail "still running 10 seconds after SIGTERM"
    wait "$server" || status=$?
    server=
    expect "SIGTERM ends it with exit code 0" 0 "$status"
}

[[ -x $program ]] || fail "no program at $program; run 'make build' first"

start
wait_until_ready
pass "ready at $base"
expect "GET /health/live" 200 "$(request live GET "$base/health/live")"
expect "GET /v1/models" 200 "$(request models GET "$base/v1/models")"
grep -q '"object"[[:space:]]*:[[:space:]]*"list"' "$folder/models.body" || fail "/v1/models is not a list"
pass "the models are a list"

right=0
answered=0
saved=0
for seed in $(seq "$seeds"); do
    name=demo-$seed
    "$program" demo request --seed "$seed" > "$folder/$name.json"
    "$program" demo answer --seed "$seed" > "$folder/$name.answer"
    expect "demo prompt $seed is answered" 200 "$(chat "$name")"
    expect "demo prompt $seed is recognised" "$task" "$(header "$name" x-promptintern-task)"
    expect "demo prompt $seed goes as the query alone" internalized "$(header "$name" x-promptintern-arm)"
    before=$(header "$name" x-promptintern-tokens-before)
    after=$(header "$name" x-promptintern-tokens-after)
    spared=$(header "$name" x-promptintern-tokens-saved)
    expect "demo prompt $seed: before less after is saved" "$((before - after))" "$spared"
    ((after * 10 <= before)) || fail "demo prompt $seed: $after of $before tokens were sent, more than a tenth"
    count "$name"
    [[ $(strings content < "$folder/$name.body") == "$(cat "$folder/$name.answer")" ]] && right=$((right + 1))
done
((right >= required)) || fail "$right of $seeds demo questions were answered right, $required are required"
pass "$right of $seeds demo questions were answered right, $saved tokens saved"
[[ -n $(header demo-1 x-request-id) ]] || fail "no x-request-id on the response"
pass "responses carry a request id: $(header demo-1 x-request-id)"

"$program" demo request --seed 1 --stream > "$folder/stream.json"
expect "a streamed demo prompt is answered" 200 "$(chat stream -N)"
count stream
[[ $(header stream content-type) == text/event-stream* ]] || fail "a stream of type '$(header stream content-type)'"
expect "the stream says the same as the whole answer" \
    "$(strings content < "$folder/demo-1.body")" "$(strings content < "$folder/stream.body")"
expect "the stream ends with [DONE]" "data: [DONE]" "$(tr -d '\r' < "$folder/stream.body" | grep -v '^$' | tail -n 1)"

# One letter of the template, in the middle of its first sentence, becomes another.
sed -E '0,/"content"[[:space:]]*:[[:space:]]*"[A-Za-z ,]{12,}/ s/("content"[[:space:]]*:[[:space:]]*"[A-Za-z ,]{11})[A-Za-z ,]/\1#/' \
    "$folder/demo-1.json" > "$folder/drift.json"
cmp -s "$folder/demo-1.json" "$folder/drift.json" && fail "could not change a letter of the template"
expect "a drifted prompt is answered" 200 "$(chat drift)"
count drift
expect "a drifted prompt goes in full" full_prompt "$(header drift x-promptintern-arm)"
expect "and the reason is given" drift "$(header drift x-promptintern-reason)"
expect "and nothing is saved" 0 "$(header drift x-promptintern-tokens-saved)"

cp "$folder/demo-1.json" "$folder/bypass.json"
expect "a bypassed prompt is answered" 200 "$(chat bypass -H 'x-promptintern-bypass: true')"
count bypass
expect "and goes in full" full_prompt "$(header bypass x-promptintern-arm)"

mode() { # MODE: sets the task's mode through the admin listener
    local status
    status=$(request mode PUT "$admin/admin/tasks/$task/mode" -H 'content-type: application/json' -d "{\"mode\":\"$1\"}")
    [[ $status == 2* ]] || fail "PUT mode $1 answered $status: $(cat "$folder/mode.body")"
    pass "the task's mode is set to $1"
}
mode off
cp "$folder/demo-1.json" "$folder/off.json"
expect "a prompt of a task that is off is answered" 200 "$(chat off)"
count off
expect "and goes in full" full_prompt "$(header off x-promptintern-arm)"
mode on
cp "$folder/demo-1.json" "$folder/on.json"
expect "a prompt of a task that is on again is answered" 200 "$(chat on)"
count on
expect "and goes as the query alone" internalized "$(header on x-promptintern-arm)"

printf '{"model": "%s", "messages": ' "$task" > "$folder/broken.json"
expect "a broken request gets 400" 400 "$(chat broken)"
grep -q '"error"' "$folder/broken.body" || fail "no error object in $(cat "$folder/broken.body")"
pass "and an error object"

agree() { # NAME FILE: the report in FILE has every answered request and every saved token
    expect "$1: requests" "$answered" "$(total requests < "$2")"
    expect "$1: tokens saved" "$saved" "$(total tokens prompt saved < "$2")"
}
expect "GET /v1/savings" 200 "$(request savings GET "$base/v1/savings?task=$task")"
agree "GET /v1/savings" "$folder/savings.body"
"$program" savings --ledger "$folder/ledger.sqlite" --task "$task" --json > "$folder/savings.json" ||
    fail "promptintern savings ended with an error"
agree "promptintern savings" "$folder/savings.json"

stop
say "$checks passed, 0 failed"
