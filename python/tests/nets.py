"""Networks that tests name as tests/nets.py:FUNCTION."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor, nn

from cohort_learner import Run, Student


class Small(nn.Module):
    def __init__(self, classes: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(6, classes)

    def forward(self, images: Tensor) -> Tensor:
        hidden = torch.relu(self.norm(self.conv(images)))
        return self.head(self.drop(hidden.mean(dim=(2, 3))))  # type: ignore[no-any-return]


def small(run: Run) -> nn.Module:
    return Small(run.classes)


def plain(run: Run) -> nn.Module:
    return Small(run.classes, 0.0)


def adam(run: Run) -> Student:
    net = Small(run.classes)
    return Student(net, torch.optim.Adam(net.parameters(), lr=1e-3), clip=1.0)


def everything(run: Run) -> Student:
    net = Small(run.classes)
    groups: list[dict[str, Any]] = [
        {"params": net.conv.parameters(), "lr": 0.02},
        {"params": [*net.norm.parameters(), *net.head.parameters()]},
    ]
    return Student(
        net,
        torch.optim.SGD(groups, lr=0.1, momentum=0.9),
        features="norm",
        maps={"conv": "conv"},
        autocast=torch.bfloat16,
        schedule=lambda update: 0.1 / (1 + update),
    )


def both(run: Run) -> Student:
    net = Small(run.classes, 0.0)

    def outputs(module: Any, images: Tensor) -> tuple[Tensor, Tensor]:
        features = module.conv(images).mean(dim=(2, 3))
        return module.head(features), features

    return Student(net, features=outputs)


def frozen(run: Run) -> nn.Module:
    return Small(run.classes).requires_grad_(False)


def too_wide(run: Run) -> nn.Module:
    return Small(run.classes + 1)


def not_finite(run: Run) -> nn.Module:
    net = Small(run.classes)
    nn.init.constant_(net.head.weight, float("nan"))
    return net


def headless(run: Run) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, run.classes, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def raises(run: Run) -> nn.Module:
    raise ZeroDivisionError("no layers")


def hungry(run: Run) -> nn.Module:
    raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 TiB")


def word(run: Run) -> Any:
    return "resnet"


print("nets.py was loaded", file=sys.stderr)
