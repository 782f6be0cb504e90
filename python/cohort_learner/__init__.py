"""PyTorch students for Cohort. Torch is imported when the first of these names is used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cohort_learner.loop import Batch, OwnLoop, PassReleased, join
    from cohort_learner.student import Run, Student

__version__ = "0.1.0"
__all__ = ["Batch", "OwnLoop", "PassReleased", "Run", "Student", "join"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module cohort_learner has no attribute {name}")
    module = "student" if name in ("Run", "Student") else "loop"
    return getattr(importlib.import_module(f"cohort_learner.{module}"), name)
