#!/usr/bin/env bash
# Trains the stored teachers that come with Cohort (README.md beside this file says what they are).
#   docs/results/builtin-teachers/make.sh FOLDER [further options of cohort run, such as --bootstrap HOST:PORT]
# leaves the runs in FOLDER/trained and FOLDER/defective, and the three networks in FOLDER.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
cohort="$here/../../../cohort"
[[ $# -ge 1 ]] || { echo "make.sh: name a new folder for the runs and the networks" >&2; exit 2; }
mkdir -p "$1"
out="$(cd "$1" && pwd -P)"
shift

"$cohort" run "$here/teachers.yaml" --run-dir "$out/trained" --quiet --format json "$@" > "$out/trained.json"
"$cohort" run "$here/teachers.yaml" --run-dir "$out/defective" --set run.name=builtin-teachers-defective --steps 20 \
  --quiet --format json "$@" > "$out/defective.json"

# The newest checkpoint of a peer; their names are as long as each other.
newest() {
  local files=("$out/$1/checkpoints/$2"/step-*.safetensors)
  echo "${files[-1]}"
}
for model in resnet8 resnet14; do
  "$cohort" weights "$(newest trained "$model")" "$out/$model.safetensors"
done
"$cohort" weights "$(newest defective resnet8)" "$out/resnet8-defective.safetensors"
