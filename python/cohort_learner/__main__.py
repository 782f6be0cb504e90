"""The process that a peer starts: python -m cohort_learner --socket PATH."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from cohort_learner import wire


def main() -> int:
    """Connects, then serves; returns the exit status."""
    parser = argparse.ArgumentParser(prog="cohort_learner", description="A PyTorch student, driven by a Cohort peer.")
    parser.add_argument("--socket", required=True, help="path of the Unix socket that the peer listens on")
    path: str = parser.parse_args().socket
    # The peer decides when training ends; Ctrl-C in a terminal reaches both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = wire.Channel.connect(path)
    try:
        from cohort_learner import serve
    except ImportError as error:
        channel.receive()
        advice = f"{error}; install PyTorch for {sys.executable} (https://pytorch.org), or name another Python"
        channel.send(wire.Failure(wire.Failure.MODEL, advice))
        return 1
    return serve.serve(channel)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Without waiting for what a network's threads may still do.
    os._exit(status)
