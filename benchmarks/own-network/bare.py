"""The usual training loop in one process, without Cohort: prints the milliseconds and CPU milliseconds of a step (medians).

Usage: bare.py FUNCTION HEIGHTxWIDTHxCHANNELS CLASSES BATCH STEPS THREADS
"""

import json
import os
import sys
import time
from types import SimpleNamespace

import nets
import torch
from torch.nn import functional


def main():
    function, sides, *numbers = sys.argv[1:]
    height, width, channels = (int(side) for side in sides.split("x"))
    classes, batch, steps, threads = (int(number) for number in numbers)
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = getattr(nets, function)(SimpleNamespace(image=(channels, height, width), classes=classes))
    net.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    pixels = torch.randint(0, 256, (batch, height, width, channels), dtype=torch.uint8)
    labels = torch.randint(0, classes, (batch,))
    wall, cpu = [], []
    for _ in range(steps):
        began, used = time.perf_counter(), time.process_time()
        images = pixels.float().div_(255).sub_(0.5).div_(0.25).permute(0, 3, 1, 2)
        loss = functional.cross_entropy(net(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - used))
    warm = slice(max(1, steps // 10), None)
    print(json.dumps({"step_ms": sorted(wall[warm])[len(wall[warm]) // 2], "cpu_ms": sum(cpu[warm]) / len(cpu[warm])}))


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    main()
