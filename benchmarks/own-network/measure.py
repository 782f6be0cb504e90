#!/usr/bin/env python3
"""What a network in its own process costs, in ratios within one call.

    benchmarks/own-network/measure.py OUT [REPEATS]

1. The pipe: the time of a step of a PyTorch student through Cohort's learner protocol (`cohort models check`), and of the same
   step in a bare PyTorch loop, one after the other.
2. Side by side: a run with the built-in resnet8 and the same network in PyTorch; the CPU time of each peer, its child included,
   per image, and that of the bare loop.

COHORT_PYTHON names the Python with torch. OUT gets figures.json and the table, which is also printed.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
COHORT = str(HERE.parent.parent / "cohort")
PYTHON = os.environ.get("COHORT_PYTHON", "python3")
TICKS = os.sysconf("SC_CLK_TCK")
CIFAR = ("32x32x3", "10", "128")
STEPS = 100
RUN_FROM, RUN_TO = 100, 400


def bare(function, shape, steps, threads):
    command = [PYTHON, str(HERE / "bare.py"), function, *shape, str(steps), str(threads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def through_cohort(function, shape, threads):
    image, classes, batch = shape
    words = ["--image", image, "--classes", classes, "--batch", batch, "--steps", str(STEPS), "--format", "json"]
    command = [COHORT, "models", "check", f"{HERE / 'nets.py'}:{function}", *words]
    environment = {**os.environ, "JAVA_TOOL_OPTIONS": f"-Dai.djl.pytorch.num_threads={threads}"}
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(out.splitlines()[-1])["step_ms"]


def cpu_s(pid):
    """CPU seconds of a process and of the processes that it started and that still run."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        if thread.name != str(pid):
            children += (thread / "children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(cpu_s(child) for child in children)


def side_by_side(out):
    """CPU milliseconds per image of the two peers, between two steps of one run."""
    runs = out / "runs"
    peers = f'[{{id: p1, model: resnet8}}, {{id: p2, model: "{HERE / "nets.py"}:resnet8"}}]'
    words = ["--runs", str(runs), "--steps", str(RUN_TO + 50), "--set", f"peers={peers}", "--set", "run.batch_size=64"]
    with open(out / "run.txt", "w") as log:
        run = subprocess.Popen([COHORT, "run", "--quiet", *words], stdout=log, stderr=log)
    marks = {}
    while run.poll() is None and RUN_TO not in marks:
        folder = next(iter(runs.glob("*/processes")), None)
        reached = {}
        if folder and (folder.parent / "metrics.csv").exists():
            for line in (folder.parent / "metrics.csv").read_text().splitlines():
                found = re.match(r"step,(\d+),[^,]*,(p\d),", line)
                if found:
                    reached[found[2]] = int(found[1])
        step = min(reached.values()) if len(reached) == 2 else 0
        for mark in (RUN_FROM, RUN_TO):
            if step >= mark and mark not in marks:
                pids = {p: json.loads((folder / f"{p}.json").read_text())["pid"] for p in ("p1", "p2")}
                marks[mark] = (reached, {p: cpu_s(pid) for p, pid in pids.items()})
        time.sleep(0.2)
    run.wait()
    if RUN_TO not in marks:
        sys.exit(f"the run ended before step {RUN_TO}; see {out / 'run.txt'}")
    (before, used_before), (after, used_after) = marks[RUN_FROM], marks[RUN_TO]
    return {p: 1000 * (used_after[p] - used_before[p]) / (after[p] - before[p]) / 64 for p in ("p1", "p2")}


def spread(values):
    return f"{statistics.median(values):7.2f} ({min(values):.2f} to {max(values):.2f})"


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__)).resolve()
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    out.mkdir(parents=True, exist_ok=True)
    threads = 1
    figures = {"cores": os.cpu_count(), "threads": threads, "repeats": repeats, "pipe": {}, "side_by_side": []}
    lines = [f"{'':24}{'bare loop, ms':>26}{'through Cohort, ms':>28}{'more, ms':>26}{'ratio':>8}"]
    for function in ("small", "resnet8"):
        rows = figures["pipe"][function] = []
        for repeat in range(repeats):
            plain = bare(function, CIFAR, STEPS, threads)["step_ms"]
            rows.append({"bare_ms": plain, "cohort_ms": through_cohort(function, CIFAR, threads)})
            print(f"{function} {repeat + 1} of {repeats}: {rows[-1]}", file=sys.stderr)
        more = [row["cohort_ms"] - row["bare_ms"] for row in rows]
        plain, through = ([row[key] for row in rows] for key in ("bare_ms", "cohort_ms"))
        ratio = statistics.median(through) / statistics.median(plain)
        lines.append(
            f"{function + ', 128 x ' + CIFAR[0]:24}{spread(plain):>26}{spread(through):>28}{spread(more):>26}{ratio:8.3f}"
        )
    for repeat in range(repeats):
        folder = out / f"run-{repeat + 1}"
        folder.mkdir(exist_ok=True)
        cpu = side_by_side(folder)
        cpu["bare"] = bare("resnet8", ("28x28x1", "10", "64"), 200, threads)["cpu_ms"] / 64
        figures["side_by_side"].append(cpu)
        print(f"run {repeat + 1} of {repeats}: {cpu}", file=sys.stderr)
    lines += ["", f"CPU ms per image of 28x28, resnet8:{'median':>12} (least to most)"]
    for key, name in (("p1", "built-in peer"), ("p2", "PyTorch peer with its child"), ("bare", "bare PyTorch loop")):
        lines.append(f"  {name:32}{spread([cpu[key] for cpu in figures['side_by_side']])}")
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    (out / "table.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
