#!/usr/bin/env bash
# A long run of small peers, watched every ten seconds: resident memory of each process, size of the log, steps done. Then: has
# memory stayed flat, have steps become slower, does the log have the size that `cohort methods` says, are checkpoints let go.
#   benchmarks/soak/measure.sh OUT_FOLDER [STEPS]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
cohort="$here/../../cohort"
out="$(mkdir -p "${1:?usage: measure.sh OUT_FOLDER [STEPS]}" && cd "$1" && pwd -P)"
steps="${2:-100000}"
run="$out/run"
csv="$out/samples.csv"
processes=(augmenter broker coordinator p1 p2)

"$cohort" run "$here/soak.yaml" --steps "$steps" --run-dir "$run" >"$out/run.txt" 2>&1 &
launcher=$!
trap 'kill -INT $launcher 2>/dev/null || true' EXIT

coordinator() { sed -n 's/.*serves http address=\([^ ]*\).*/\1/p' "$run/processes/coordinator.log" 2>/dev/null | tail -n 1; }
step() { curl -fsS --max-time 2 "http://$(coordinator)/status" 2>/dev/null | grep -o '"step":[0-9]*' | tail -n 1 | cut -d: -f2 || true; }
pid() { sed -n 's/.*"pid" *: *\([0-9]*\).*/\1/p' "$run/processes/$1.json" | head -n 1; }
resident_mib() { awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$(pid "$1")/status" 2>/dev/null || true; }
log_bytes() { find "$run/broker/log" -name '*.log' -path "*.$1-*" -printf '%s\n' | awk '{sum += $1} END {print sum + 0}'; }

echo "seconds,step,$(IFS=,; echo "${processes[*]/%/_mib}"),predictions_bytes,outcomes_bytes,batches_bytes" >"$csv"
started="$(date +%s)"
while kill -0 "$launcher" 2>/dev/null; do
  sleep 10
  at="$(step)"
  [[ -n "$at" ]] || continue
  line="$(($(date +%s) - started)),$at"
  for process in "${processes[@]}"; do line+=",$(resident_mib "$process")"; done
  echo "$line,$(log_bytes predictions),$(log_bytes outcomes),$(log_bytes batches)" >>"$csv"
done
wait "$launcher" || { echo "the run failed: see $out/run.txt"; exit 1; }

"$cohort" timeline "$run" --format json >"$out/timeline.json"
"$cohort" verify "$run" --format json >"$out/verify.json"
"$cohort" methods mean_logit --batch 4 --classes 10 --feature-width 32 --peers 2 | tee "$out/wire.txt" >/dev/null
{
  echo "steps: $steps"
  # The first tenth of a run still loads classes and fills caches.
  awk -F, -v processes="${processes[*]}" '
    NR > 1 { n++; for (i = 1; i <= NF; i++) v[n, i] = $i }
    function mean(from, to, column,   i, sum) { for (i = from; i <= to; i++) sum += v[i, column]; return sum / (to - from + 1) }
    END {
      early = int(n * 0.1) + 1; early_end = int(n * 0.2) + 1; late = int(n * 0.9) + 1
      split(processes, name, " ")
      for (p = 1; p in name; p++)
        printf "resident MiB of %-12s second tenth %.0f, last tenth %.0f\n", name[p] ":", mean(early, early_end, p + 2), mean(late, n, p + 2)
      printf "ms per step: second tenth %.2f, last tenth %.2f\n",
        1000 * (v[early_end, 1] - v[early, 1]) / (v[early_end, 2] - v[early, 2]), 1000 * (v[n, 1] - v[late, 1]) / (v[n, 2] - v[late, 2])
      printf "bytes per step on disk: predictions %.0f, outcomes %.0f, batches %.0f\n", v[n, 8] / v[n, 2], v[n, 9] / v[n, 2], v[n, 10] / v[n, 2]
    }' "$csv"
  echo "what cohort methods says of one step (messages without Kafka's own fields):"
  grep bytes "$out/wire.txt"
  echo "checkpoints of p1: $(find "$run/checkpoints/p1" -name 'step-*' | wc -l) of evaluated networks, $(find "$run/checkpoints/p1" -name 'between-*' | wc -l) between"
} | tee "$out/summary.txt"

if command -v gnuplot >/dev/null; then
  gnuplot <<PLOT
set terminal svg size 900,700 font "sans-serif,12" noenhanced
set output "$out/soak.svg"
set datafile separator ","
set multiplot layout 2,1
set key outside right
set xlabel "step"; set ylabel "resident memory (MiB)"; set yrange [0:*]
plot for [i=3:7] "$csv" using 2:i with lines lw 2 title columnheader(i)
set ylabel "log (MiB)"
plot for [i=8:10] "$csv" using 2:(column(i)/1048576) with lines lw 2 title columnheader(i)
PLOT
fi
