"""Files of learned weights that SyncBench may not ship: their names, sizes, hashes, sources and licences.

A file counts only if its size and hash are the official ones, as far as they are published, so that a score never comes
from another network under the same name. Nothing here downloads anything.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from syncbench.errors import CommandError, Unavailable, unknown_name
from syncbench.files import file_hash, file_md5, replacing

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "KNOWN",
    "Check",
    "WeightsFile",
    "add",
    "find",
    "folder",
    "load_checkpoint",
    "lookup",
    "require",
    "unavailable",
    "verify",
]


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """An official file.

    Attributes:
        name: what metrics ask for.
        file: its official file name.
        bytes: its size; None where it is not confirmed.
        sha256: of its bytes; where only a prefix is confirmed (torchvision puts eight digits into the file's name), that;
            empty where its authors state only an MD5.
        source: where to download it.
        licence: of the weights, as far as anybody states one.
        note: what it is for.
        aliases: other names under which it is asked for or distributed.
        md5: where there is no SHA-256: its MD5, or what its authors state of it.
    """

    name: str
    file: str
    bytes: int | None
    sha256: str
    source: str
    licence: str
    note: str
    aliases: tuple[str, ...] = ()
    md5: str = ""


_TORCHVISION = "BSD-3-Clause (torchvision); trained on ImageNet, which is for research"
_AUTO_AVSR = "none stated for the weights (code: Apache-2.0); trained on LRS3 and others, which are for research"


def _auto_avsr(name: str, file: str, md5: str, drive: str, data: str, wer: str) -> WeightsFile:
    return WeightsFile(
        name=name,
        file=file,
        bytes=None,
        sha256="",
        source=f"https://drive.google.com/file/d/{drive}/view",
        licence=_AUTO_AVSR,
        note=f"Auto-AVSR, lip reader of open English: {data}, {wer} WER on LRS3 by its authors",
        aliases=(file.removesuffix(".pth"),),
        md5=md5,
    )


KNOWN: tuple[WeightsFile, ...] = (
    WeightsFile(
        name="syncnet_v2",
        file="syncnet_v2.model",
        bytes=54_573_114,
        sha256="961e8696f888fce4f3f3a6c3d5b3267cf5b343100b238e79b2659bff2c605442",
        source="http://www.robots.ox.ac.uk/~vgg/software/lipsync/data/syncnet_v2.model",
        licence="none stated",
        note="SyncNet v2: LSE-C, LSE-D and AV offset as published",
        aliases=("syncnet",),
    ),
    WeightsFile(
        name="s3fd",
        file="sfd_face.pth",
        bytes=89_844_381,
        sha256="d54a87c2b7543b64729c9a25eafd188da15fd3f6e02f0ecec76ae1b30d86c491",
        source="http://www.robots.ox.ac.uk/~vgg/software/lipsync/data/sfd_face.pth",
        licence="none stated",
        note="S3FD face detector of syncnet_python",
        aliases=("sfd_face",),
    ),
    WeightsFile(
        name="s3fd-face-alignment",
        file="s3fd-619a316812.pth",
        bytes=89_843_225,
        sha256="619a31681264d3f7f7fc7a16a42cbbe8b23f31a256f75a366e5a1bcd59b33543",
        source="https://www.adrianbulat.com/downloads/python-fan/s3fd-619a316812.pth",
        licence="none stated",
        note="S3FD face detector of face-alignment and Wav2Lip; other key names than s3fd",
        aliases=("s3fd.pth",),
    ),
    WeightsFile(
        name="inception_fid",
        file="pt_inception-2015-12-05-6726825d.pth",
        bytes=95_628_359,
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        source="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        licence="Apache-2.0",
        note="Inception v3 of the original FID, ported by pytorch-fid",
        aliases=("pt_inception", "inception"),
    ),
    WeightsFile(
        name="alexnet",
        file="alexnet-owt-7be5be79.pth",
        bytes=None,
        sha256="7be5be79",
        source="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        licence=_TORCHVISION,
        note="trunk of LPIPS (alex)",
        aliases=("lpips_alex",),
    ),
    WeightsFile(
        name="vgg16",
        file="vgg16-397923af.pth",
        bytes=None,
        sha256="397923af",
        source="https://download.pytorch.org/models/vgg16-397923af.pth",
        licence=_TORCHVISION,
        note="trunk of LPIPS (vgg)",
        aliases=("lpips_vgg",),
    ),
    WeightsFile(
        name="squeezenet",
        file="squeezenet1_1-b8a52dc0.pth",
        bytes=None,
        sha256="b8a52dc0",
        source="https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
        licence=_TORCHVISION,
        note="trunk of LPIPS (squeeze)",
        aliases=("squeezenet1_1", "lpips_squeeze"),
    ),
    WeightsFile(
        name="face_landmarker",
        file="face_landmarker.task",
        bytes=3_758_596,
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        source="https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        licence="Apache-2.0",
        note="MediaPipe face landmarker: landmarks of the `mediapipe` provider",
        aliases=("mediapipe",),
    ),
    _auto_avsr(
        "auto_avsr", "vsr_trlrs2lrs3vox2avsp_base.pth", "49f77", "1r1kx7l9sWnDOCnaFHIGvOtzuhFyFA88_", "3291 h", "20.3 %"
    ),
    _auto_avsr(
        "auto_avsr-1759h", "vsr_trlrs3vox2_base.pth", "774a6", "1shcWXUK2iauRhW9NbwCc25FjU1CoMm8i", "1759 h", "24.6 %"
    ),
    _auto_avsr(
        "auto_avsr-438h", "vsr_trlrs3_base.pth", "c00a7", "12PNM5szUsk_CuaV1yB9dL_YWvSM1zvAd", "438 h", "36.0 %"
    ),
    WeightsFile(
        name="auto_avsr-units",
        file="unigram5000_units.txt",
        bytes=73_778,
        sha256="29001d967ad290e28f6f1d7d47e07e314354bf67d3b1f494e936fa2fed9a9122",
        source="https://raw.githubusercontent.com/mpc001/auto_avsr/main/spm/unigram/unigram5000_units.txt",
        licence="Apache-2.0",
        note="the 5,047 units of text that Auto-AVSR's checkpoints know",
    ),
)

State = Literal["ok", "absent", "wrong"]


@dataclass(frozen=True, slots=True)
class Check:
    """What :func:`verify` found of one known file: where it is, and what is wrong with it if anything is."""

    weights: WeightsFile
    path: Path | None
    state: State
    reason: str = ""


def folder() -> Path:
    """Return where :func:`add` puts files: ``$SYNCBENCH_WEIGHTS``, else ``syncbench/weights`` of the user's data folder."""
    if chosen := os.environ.get("SYNCBENCH_WEIGHTS"):
        return Path(chosen).expanduser()
    return _user_data() / "syncbench" / "weights"


def lookup(name: str) -> WeightsFile:
    """Return the known file called ``name``, by name, alias or file name. Raises CommandError for an unknown one."""
    for known in KNOWN:
        if name in (known.name, known.file, *known.aliases):
            return known
    raise unknown_name("weights", name, [known.name for known in KNOWN])


def find(name: str) -> Path | None:
    """Return the official file called ``name`` if it is here: right name, size and hash. None otherwise."""
    check = _check(lookup(name))
    return check.path if check.state == "ok" else None


def require(name: str) -> Path:
    """Return the official file called ``name``. Raises Unavailable, with the command that gets it, where it is not here."""
    check = _check(lookup(name))
    if check.state == "ok" and check.path is not None:
        return check.path
    raise Unavailable(_how_to_get(check))


def unavailable(name: str) -> str | None:
    """Return None where the official file is here, else one line: what is missing, and the command that gets it."""
    check = _check(lookup(name))
    return None if check.state == "ok" else _how_to_get(check)


def verify() -> list[Check]:
    """Look for every known file and check its size and hash."""
    return [_check(known) for known in KNOWN]


def add(path: Path, name: str | None = None) -> Path:
    """Copy an official file into :func:`folder` and return its place there.

    The file is told by its size and hash, whatever it is called; with ``name`` it must be that one. The copy appears
    whole or not at all. Raises CommandError where the file cannot be read or is not an official one.
    """
    if not path.is_file():
        raise CommandError(f"{path}: there is no such file")
    candidates = KNOWN if name is None else (lookup(name),)
    matching = [known for known in candidates if not _fault(path, known)]
    if not matching:
        raise CommandError(_not_official(path, candidates))
    target = folder() / matching[0].file
    try:
        _copy(path, target)
    except OSError as error:
        reason = error.strerror or error
        raise CommandError(
            f"{target}: cannot be written ({reason}): set SYNCBENCH_WEIGHTS to another folder"
        ) from error
    return target


def load_checkpoint(path: Path) -> Mapping[str, Tensor]:
    """Return the tensors of a PyTorch checkpoint, by key, on the CPU, without running any code the file may hold.

    Raises Unavailable where the file is damaged, or holds anything but tensors by name.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds here: pickle, zip, EOF, Unicode, OSError
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise Unavailable(f"{path}: not a readable PyTorch checkpoint ({reason}); download it again") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise Unavailable(f"{path}: not a checkpoint of tensors by name; another file is wanted")
    return state


def _user_data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _places(known: WeightsFile) -> list[Path]:
    """Return where a file may lie, the user's choice first; torch's cache holds what torchvision and others fetched."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    torch_home = Path(os.environ.get("TORCH_HOME") or cache / "torch").expanduser()
    folders = [folder(), _user_data() / "syncbench" / "weights", torch_home / "hub" / "checkpoints"]
    return [place / known.file for place in folders]


def _check(known: WeightsFile) -> Check:
    worst = Check(known, None, "absent")
    for path in _places(known):
        if not path.is_file():
            continue
        fault = _fault(path, known)
        if not fault:
            return Check(known, path, "ok")
        if worst.state == "absent":
            worst = Check(known, path, "wrong", fault)
    return worst


def _fault(path: Path, known: WeightsFile) -> str:
    """Return what distinguishes a file from the known one; empty where nothing does."""
    try:
        size = path.stat().st_size
        if known.bytes is not None and size != known.bytes:
            return f"it has {size:,} bytes, {known.file} has {known.bytes:,}"
        name, found, stated = (
            ("MD5", file_md5(path), known.md5) if known.md5 else ("SHA-256", file_hash(path), known.sha256)
        )
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    if not found.startswith(stated):
        return f"its {name} begins {found[:8]}, that of {known.file} begins {stated[:8]}"
    return ""


def _how_to_get(check: Check) -> str:
    known = check.weights
    found = f"{check.path} is not the official file ({check.reason})" if check.path else "its weights are not here"
    if not known.source.endswith(known.file):  # a page, for a browser
        return f"{known.name}: {found}; download {known.source}, then: syncbench weights add {known.file}"
    return f"{known.name}: {found}; get them with: curl -LO {known.source} && syncbench weights add {known.file}"


def _not_official(path: Path, candidates: tuple[WeightsFile, ...]) -> str:
    likely = [known for known in candidates if path.name == known.file] or list(candidates)
    if len(likely) == 1:
        known = likely[0]
        return f"{path}: not the official {known.name}: {_fault(path, known)}; download it again from {known.source}"
    names = ", ".join(known.name for known in candidates)
    return f"{path}: neither size nor hash is that of a known file ({names})"


def _copy(source: Path, target: Path) -> None:
    if target.exists() and target.samefile(source):
        return
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)
