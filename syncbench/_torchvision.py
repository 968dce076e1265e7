"""The one place that makes torchvision importable beside a torch its compiled extension was not built for.

A torchvision wheel built for CUDA, beside a CPU build of torch, fails at ``import torchvision``: its extension cannot be
loaded, and torchvision then describes operators (``nms``, ``qnms``) that nobody has declared. Nothing measured here
calls them, so declaring them is enough. Everything that imports torchvision, itself or through lpips or pytorch_fid,
is imported with :func:`load`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from syncbench.errors import Unavailable

__all__ = ["ensure_torchvision", "load"]

_declared: list[object] = []  # the operators vanish with the library object that declared them


def load(name: str) -> ModuleType:
    """Import a module that needs torchvision, such as ``lpips``, ``pytorch_fid.inception`` or ``torchvision.models``.

    Raises Unavailable, with the command that installs it, where it or torchvision is not installed.
    """
    package = name.partition(".")[0]
    for needed in ("torchvision", package):
        if importlib.util.find_spec(needed) is None:
            raise Unavailable(f"{needed} is not installed: pip install {needed.replace('_', '-')}")
    ensure_torchvision()
    return importlib.import_module(name)


def ensure_torchvision() -> None:
    """Load torchvision's extension, or declare the operators that its import expects of it."""
    if "torchvision" in sys.modules or _declared:
        return
    import torch

    spec = importlib.util.find_spec("torchvision")
    folders = (spec.submodule_search_locations if spec else None) or []
    extensions = [file for folder in folders for file in Path(folder).glob("_C*") if file.suffix in {".so", ".pyd"}]
    try:
        torch.ops.load_library(str(extensions[0]))  # type: ignore[no-untyped-call]
    except (OSError, IndexError):
        library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)
