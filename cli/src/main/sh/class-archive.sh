#!/usr/bin/env bash
# Makes the archive by which every later start of Cohort is quicker: classes read, verified and linked ahead (application
# class-data sharing). Nobody waits for it, and a start without it is slower and nothing else.
#
#   class-archive.sh list JAVA COHORT CLASSES                        CLASSES: the names of the classes that a small run loads
#   class-archive.sh archive JAVA COHORT CLASSES LIB ARCHIVE FOR     ARCHIVE of them, and FOR beside it: whom it fits
set -euo pipefail

mode="$1"
java="$2"
cohort="$3"
classes="$4"
work="$(mktemp -d "${TMPDIR:-/tmp}/cohort-classes.XXXXXX")"
lock=""
trap 'rm -rf "$work" ${lock:+"$lock"}' EXIT

# Every process of a run writes down what it loads: launcher, broker, augmenter, coordinator and peer; and so does 'peers'.
list() {
  export COHORT_NO_ARCHIVE=1 COHORT_NO_BUILD=1 COHORT_JAVA_OPTS="-XX:DumpLoadedClassList=$work/%p.list"
  JAVA_HOME="$(dirname "$(dirname "$java")")"
  export JAVA_HOME
  unset COHORT_TORCH
  (cd "$work" && exec "$cohort" run --quiet --runs runs --steps 2 --set 'peers=[{id: p1, model: mlp32}]' \
    --set method.name=independent --set run.batch_size=64) &
  local run=$! seconds=0
  while kill -0 "$run" 2>/dev/null; do
    sleep 1
    ((++seconds < 300)) || kill "$run" 2>/dev/null || true
    if compgen -G "$work/runs/*/processes/p1.log" >/dev/null && [[ ! -e "$work/watched" ]]; then
      touch "$work/watched"
      (cd "$work" && exec "$cohort" peers --runs runs) || true
    fi
  done
  wait "$run"
  # Names made at run time are of no use to another process.
  sort -u "$work"/*.list | grep -v '\$Proxy' >"$work/classes"
  mv "$work/classes" "$classes.$$"
  mv "$classes.$$" "$classes"
}

archive() {
  local lib="$1" archive="$2" for="$3"
  if ! mkdir "$archive.lock" 2>/dev/null; then
    # Someone else makes it, or was killed at it.
    [[ -n "$(find "$archive.lock" -maxdepth 0 -mmin +15 2>/dev/null)" ]] || exit 0
  fi
  lock="$archive.lock"
  # Not anew for every build: a name that is gone costs nothing, and one that is missing is loaded as ever.
  [[ -n "$(find "$classes" -size +0 -mtime -7 2>/dev/null)" ]] || list || true
  # A cut file would crash Java, so it takes its name when it is whole; a failure is noted, lest every start tries again.
  local size=none
  if [[ -s "$classes" ]] && "$java" -Xshare:dump -XX:+UseSerialGC -XX:SharedClassListFile="$classes" \
    -XX:SharedArchiveFile="$work/cohort.jsa" -cp "$lib/*"; then
    mv "$work/cohort.jsa" "$archive.new"
    size="$(wc -c <"$archive.new" | tr -d ' ')"
    mv -f "$archive.new" "$archive"
  fi
  printf '%s %s' "$for" "$size" >"$archive.for"
}

case "$mode" in
  list) list ;;
  archive) archive "$5" "$6" "$7" ;;
esac
