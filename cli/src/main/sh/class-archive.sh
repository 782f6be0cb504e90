#!/usr/bin/env bash
# Makes the archive that speeds up every later start of Cohort: classes read, verified and linked ahead (application
# class-data sharing). No start waits for it; a start without it is only slower.
#
#   class-archive.sh list JAVA COHORT CLASSES                        CLASSES: the names of the classes that a small run loads
#   class-archive.sh archive JAVA COHORT CLASSES LIB ARCHIVE FOR     ARCHIVE of them, and FOR beside it: the Java and jars it fits
set -euo pipefail

mode="$1"
java="$2"
cohort="$3"
classes="$4"
work="$(mktemp -d "${TMPDIR:-/tmp}/cohort-classes.XXXXXX")"
lock=""
trap 'rm -rf "$work" ${lock:+"$lock"}' EXIT

# Every process of a run lists the classes that it loads: launcher, broker, augmenter, coordinator and peer; so does 'peers'.
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
    # Another process makes it, or was killed while making it.
    [[ -n "$(find "$archive.lock" -maxdepth 0 -mmin +15 2>/dev/null)" ]] || exit 0
  fi
  lock="$archive.lock"
  # Not for every build: an obsolete name costs nothing, and a missing class is loaded as usual.
  [[ -n "$(find "$classes" -size +0 -mtime -7 2>/dev/null)" ]] || list || true
  # A truncated file would crash Java, so it gets its name when it is complete; a failure is recorded, so that later starts do not retry.
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
