"""The moving average of weights by which a student may be evaluated."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor


class WeightAverage:
    """Averages floating-point parameters and buffers, given by name: after update t, from 0, the average becomes
    d average + (1 - d) weights with d = min(1 - 1 / (t + 1), decay_max)."""

    def __init__(self, weights: Mapping[str, Tensor], decay_max: float) -> None:
        self._weights = {name: tensor for name, tensor in weights.items() if tensor.is_floating_point()}
        self._decay_max = decay_max
        self.tensors = {name: tensor.detach().clone() for name, tensor in self._weights.items()}

    def follow(self, updates: int) -> None:
        """Called after each update; ``updates`` counts those before it."""
        decay = min(1 - 1 / (updates + 1), self._decay_max)
        with torch.no_grad():
            for name, average in self.tensors.items():
                average.mul_(decay).add_(self._weights[name].detach() * (1 - decay))

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """Meanwhile the network has the average as its weights."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        with torch.no_grad():
            for name, average in self.tensors.items():
                weight = self._weights[name]
                kept = weight.detach().clone()
                weight.copy_(average)
                average.copy_(kept)
