"""Trains on a device in both kinds of learners, kills a peer, compares, and prints one table. See check.sh."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
COHORT = str(HERE.parent.parent / "cohort")
NET = f"{HERE.parent / 'own-network' / 'nets.py'}:resnet8"
STEPS = 200
KILL_AT = 100


def device_name(device):
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(torch.device(device))
    if device.startswith("xpu"):
        return torch.xpu.get_device_name(torch.device(device))
    return platform.processor() or platform.machine()


def words(out, device, builtin):
    peers = f'[{{id: p1, model: resnet8, device: "{builtin}"}}, {{id: p2, model: "{NET}", device: "{device}"}}]'
    settings = [f"peers={peers}", "method.name=dml", "pace.on_loss=hold", "pace.gone_after_ms=60000"]
    settings += ["pace.deadline_ms=300000", "record.checkpoint_steps=20"]
    line = [COHORT, "run", "--quiet", "--format", "json", "--runs", str(out), "--steps", str(STEPS)]
    return line + [word for setting in settings for word in ("--set", setting)]


def reached(folder):
    """Steps that p2 has trained, as far as the run has written them down."""
    file = folder / "metrics.csv"
    lines = file.read_text().splitlines() if file.exists() else []
    return max((int(line.split(",")[1]) for line in lines if line.startswith("step,") and ",p2," in line), default=0)


def run(out, device, builtin, kill):
    """The result of a run; with kill, p2 is killed in the middle and comes back by itself."""
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "out.txt", "w") as stdout, open(out / "err.txt", "w") as stderr:
        process = subprocess.Popen(words(out, device, builtin), stdout=stdout, stderr=stderr)
        while kill and process.poll() is None:
            folder = next((path for path in out.iterdir() if path.is_dir()), None)
            if folder and reached(folder) >= KILL_AT:
                os.kill(json.loads((folder / "processes" / "p2.json").read_text())["pid"], signal.SIGKILL)
                kill = False
            time.sleep(0.1)
        process.wait()
    if process.returncode != 0 or kill:
        sys.exit(f"the run ended with exit status {process.returncode}; see {out}/err.txt and {out}/*/processes/p2.log")
    return json.loads((out / "out.txt").read_text().splitlines()[-1])


def verified(out):
    folder = next(path for path in out.iterdir() if path.is_dir())
    line = [COHORT, "verify", str(folder), "--weights", "--allow-python", "--quiet", "--format", "json"]
    ended = subprocess.run(line, check=False, capture_output=True, text=True)
    weights = json.loads(ended.stdout.splitlines()[-1])["weights"] if ended.stdout.strip() else []
    return ended.returncode, {w["peer"]: "equal" if w["equal"] else w.get("why", "differ") for w in weights}


def main():
    out = Path(sys.argv[1] if len(sys.argv) > 1 else sys.exit("usage: check.sh OUT_FOLDER [DEVICE]")).resolve()
    device = sys.argv[2] if len(sys.argv) > 2 else "cuda:0"
    builtin = device if device.startswith("cuda") and os.environ.get("COHORT_TORCH") else "cpu"
    print(f"Two runs of {STEPS} steps and two checks; this takes some minutes.", file=sys.stderr)
    whole = run(out / "undisturbed", device, builtin, kill=False)
    disturbed = run(out / "killed", device, builtin, kill=True)
    code, trained_again = verified(out / "undisturbed")
    rows = [
        ("device", f"{device}, {device_name(device)}"),
        ("system", f"{platform.platform()}, {os.cpu_count()} cores"),
        ("torch", torch.__version__ + (f", CUDA {torch.version.cuda}" if torch.version.cuda else "")),
    ]
    after = {peer["id"]: peer["weights_sha256"] for peer in disturbed["peers"]}
    for peer in whole["peers"]:
        name = peer["id"]
        rows += [
            (f"{name} runs on", f"{peer['device']} ({peer['framework']})"),
            (f"{name} test accuracy", f"{peer.get('test_accuracy')}"),
            (f"{name} after kill -9 of p2", "same weights" if peer["weights_sha256"] == after[name] else "OTHER WEIGHTS"),
            (f"{name} trained again", trained_again.get(name, f"not done, exit status {code}")),
        ]
    rows.append(("digest mismatches", str(whole["digest_mismatches"] + disturbed["digest_mismatches"])))
    width = max(len(name) for name, _ in rows)
    table = "\n".join(f"{name:{width}}  {value}" for name, value in rows)
    (out / "table.txt").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
