#!/usr/bin/env python3
"""How long a coordinator and a standby need from their start until they could lead, on the log of a long run.

    cohort bench LOG --peers 2 --steps 110000 --rows 8 --classes 10 --repeats 1     # stop it at step 100,000: a log without end
    cohort broker --dir LOG/broker --port 39099
    benchmarks/leading/measure.py RUN 127.0.0.1:39099 REPEATS COHORT...             # several commands are measured in turn

Prints one JSON object for each start. The CPU seconds are those of the process itself, the start of Java included.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

PORTS = (39111, 39112)


def start(command, run, broker, port, name, folder, *more):
    line = [command, "coordinator", "--bootstrap", broker, "--run", run, "--http", f"127.0.0.1:{port}"]
    line += ["--name", name, "--run-dir", os.path.join(folder, name), *more]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as reply:
            return reply.status == 200
    except OSError:
        return False


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until_ready(process, port, since):
    while not is_ready(port):
        if process.poll() is not None:
            sys.exit(f"the coordinator ended with exit status {process.returncode}")
        time.sleep(0.02)
    return round(time.time() - since, 2), round(cpu_s(process.pid), 2)


def main():
    run, broker, repeats, *commands = sys.argv[1:]
    for _ in range(int(repeats)):
        for command in commands:
            with tempfile.TemporaryDirectory() as folder:
                since = time.time()
                leader = start(command, run, broker, PORTS[0], "coordinator", folder)
                leading = until_ready(leader, PORTS[0], since)
                since = time.time()
                standby = start(command, run, broker, PORTS[1], "standby", folder, "--standby")
                following = until_ready(standby, PORTS[1], since)
                for process in (leader, standby):
                    process.kill()
                    process.wait()
            print(
                json.dumps(
                    {
                        "command": command,
                        "coordinator_s": leading[0],
                        "coordinator_cpu_s": leading[1],
                        "standby_s": following[0],
                        "standby_cpu_s": following[1],
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
