#!/usr/bin/env bash
# Lets a peer join a running cohort and leave it again, kills another one, and at last stops everybody and starts them again from
# their checkpoints, as one does who cannot do the first three. Then draws what each of these cost those who stayed.
#   benchmarks/elasticity/measure.sh OUT_FOLDER
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
cohort="$here/../../cohort"
out="$(mkdir -p "${1:?usage: measure.sh OUT_FOLDER}" && cd "$1" && pwd -P)"
run="$out/run"
settle=400 # steps between two events
guest=elasticity-guest

say() { echo "$(date +%T) $*" | tee -a "$out/events.txt"; }
status() { curl -fsS --max-time 2 "http://$(sed -n 's/.*serves http address=\([^ ]*\).*/\1/p' "$run/processes/coordinator.log" | tail -n 1)/status"; }
step() { status 2>/dev/null | grep -o '"step":[0-9]*' | tail -n 1 | cut -d: -f2 || true; }
goes_on() { kill -0 "$launcher" 2>/dev/null || { say "the run ended too early: give it more steps"; exit 1; }; }
await_step() { until [[ "$(step)" -ge "$1" ]] 2>/dev/null; do goes_on; sleep 0.3; done; }
await_more() { await_step $(($(step) + settle)); }
standing() { status 2>/dev/null | tr '{' '\n' | grep "\"peer\":\"$1\"" | grep -o '"standing":"[A-Z_]*"' | cut -d'"' -f4 || true; }
await_standing() { until [[ "$(standing "$1")" == "$2" ]]; do goes_on; sleep 0.2; done; }

"$cohort" run "$here/elasticity.yaml" --run-dir "$run" >"$out/run.txt" 2>&1 &
launcher=$!
until [[ -f "$run/processes/coordinator.log" ]] && step >/dev/null; do sleep 0.5; done
id="$(sed -n 's/.*"id" *: *"\([^"]*\)".*/\1/p' "$run/run.json" | head -n 1)"
bootstrap="$(sed -n 's/.*"bootstrap" *: *"\([^"]*\)".*/\1/p' "$run/run.json" | head -n 1)"
await_step "$settle"
say "joins: $guest"
"$cohort" join --run "$id" --bootstrap "$bootstrap" --peer "$guest" --from head >"$out/guest.txt" 2>&1 &
await_standing "$guest" LIVE
await_more
say "drains: $guest"
"$cohort" drain "$guest" --run "$run" >>"$out/events.txt"
await_standing "$guest" LEFT
await_more
say "kills: p3"
kill -9 "$(sed -n 's/.*"pid" *: *\([0-9]*\).*/\1/p' "$run/processes/p3.json" | head -n 1)"
until [[ "$(standing p3)" != LIVE ]]; do sleep 0.2; done
await_standing p3 LIVE
say "p3 is back"
await_more
say "stops everybody"
# Not INT, which processes in the background of a script ignore.
kill -TERM "$launcher"
wait "$launcher" || true
say "starts everybody from their checkpoints"
"$cohort" run "$run" --resume >>"$out/run.txt" 2>&1
say "ended"
"$cohort" timeline "$run" --html "$out/timeline.html" | tee "$out/timeline.txt"
"$cohort" timeline "$run" --format json >"$out/timeline.json"
"$cohort" verify "$run" | tee "$out/verify.txt"
