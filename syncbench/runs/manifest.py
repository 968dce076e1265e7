"""The manifest: what was asked, and what ran."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from syncbench.runs.request import Request

__all__ = ["SCHEMA", "Hardware", "Manifest", "Revision", "hardware", "package_versions", "revision"]

SCHEMA = 2
_PACKAGES = (
    "syncbench",
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "av",
    "lpips",
    "pytorch-fid",
    "scikit-image",
    "jiwer",
)


class Revision(BaseModel):
    """The git commit of the working folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    commit: str
    dirty: bool


class Hardware(BaseModel):
    """The machine a run ran on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    machine: str
    system: str
    processor: str
    cores: int
    memory_gib: float
    accelerator: str = ""


class Manifest(BaseModel):
    """``manifest.json``: written when a run starts, completed when it ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = SCHEMA
    name: str
    created: str
    """UTC, ISO 8601."""
    command: tuple[str, ...]
    request: Request
    task: str
    anchor: bool = False
    """Whether the model is one of its task's anchors."""
    settings: dict[str, str]
    """What the system says of itself: weights, preset, context length, ..."""
    beside: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Systems that this one is to be shown beside -> the options they are to be run with."""
    metrics: dict[str, dict[str, str]]
    """Metric family -> its settings (evaluator, protocol, network, ...)."""
    unavailable: dict[str, str] = Field(default_factory=dict)
    """Metric family -> what is missing and how to get it."""
    clips: tuple[str, ...]
    """Every clip id of the run in order, unusable ones included."""
    dataset_hash: str
    """SHA-256 over the clips' ids, files and words."""
    left_out: tuple[str, ...] = ()
    """Files under the dataset's folder that look like clips and are not read, with the reason."""
    voices: str = ""
    """How many voices babble is made of and a hash of them, where a condition needs any: ``100@1f0c22d1``."""
    face: str = "frame"
    """Which face of the videos is measured, and who finds it; ``frame`` where the clips are face crops."""
    python: str
    packages: dict[str, str]
    git: Revision | None
    hardware: Hardware

    @property
    def model(self) -> str:
        return self.request.model

    @property
    def dataset(self) -> str:
        return self.request.dataset

    @property
    def split(self) -> str:
        return self.request.split

    @property
    def pairing(self) -> str:
        return self.request.pairing

    @property
    def seed(self) -> int:
        return self.request.seed


def package_versions() -> dict[str, str]:
    """Return the installed versions of what computes scores."""
    found: dict[str, str] = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def revision(folder: Path) -> Revision | None:
    """Return the git commit of ``folder`` and whether it has changes; None outside a repository."""
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=10, check=True
        )
        status = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            cwd=folder, capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return Revision(commit=commit.stdout.strip(), dirty=bool(status.stdout.strip()))


def hardware(device: str = "cpu") -> Hardware:
    """Describe this machine."""
    accelerator = ""
    if device != "cpu":
        import torch

        accelerator = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return Hardware(
        machine=platform.machine(),
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        accelerator=accelerator,
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
