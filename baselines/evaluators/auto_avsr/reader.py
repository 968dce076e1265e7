"""What lips say, read by Auto-AVSR."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from syncbench import weights
from syncbench.baselines.evaluators.auto_avsr.alignment import cut_mouths
from syncbench.baselines.evaluators.landmarks.finder import BUNDLED, FACE_LIMITS, LANDMARKS, SEEN
from syncbench.errors import ClipError, Unavailable
from syncbench.feature import Feature
from syncbench.features.evaluators import LIPS_SEEN, LipReader, check_lips, value_of
from syncbench.features.frames import FOOTAGE
from syncbench.files import file_hash
from syncbench.weights import WeightsFile

if TYPE_CHECKING:
    from torch import Tensor

    from syncbench.baselines.evaluators.auto_avsr.network import VisualRecogniser

__all__ = ["ALIGNED_MOUTHS", "LONGEST", "Decoding", "auto_avsr", "auto_avsr_ctc", "read_mouths", "standardised"]

Decoding = Literal["beam", "ctc"]

LONGEST = 1600
"""Frames that are read at once: as many as the authors' training has in a batch. ASSUMED: their code has no limit."""
_CHECKPOINTS = ("auto_avsr", "auto_avsr-1759h", "auto_avsr-438h")  # the best reader first
_UNITS = "auto_avsr-units"
_DECODINGS: dict[Decoding, str] = {"beam": "ctc-attention:beam40,ctc0.1", "ctc": "ctc-greedy"}

ALIGNED_MOUTHS = Feature("mouths[mean-face,landmarks[bundled]]", cut_mouths, needs=(FOOTAGE, LANDMARKS))
"""Mouths as Auto-AVSR cuts them out, uint8 ``[T, 96, 96, 3]``, RGB."""


def auto_avsr(decoding: Decoding = "beam", checkpoint: Path | None = None, units: Path | None = None) -> LipReader:
    """Auto-AVSR's visual speech recogniser as a lip reader.

    Args:
        decoding: ``beam`` as its authors decode; ``ctc`` takes CTC's best unit of each frame, which is quick and worse.
            Another protocol: never compare the two.
        checkpoint: None means the best of the official ones that are here; another file is named by its own hash, so that
            its scores are never taken for official ones.
        units: the list of the checkpoint's units of text; None means the official one.
    """
    official = _official()
    path = checkpoint or weights.find(official.name)
    sha256 = file_hash(path) if path else ""
    listed = file_hash(units) if units else weights.lookup(_UNITS).sha256
    label = f"auto_avsr@{sha256[:8] or 'absent'}"

    def unavailable() -> str | None:
        missing = [
            None if checkpoint else weights.unavailable(official.name),
            None if units else weights.unavailable(_UNITS),
        ]
        return "; ".join(reason for reason in missing if reason) or None

    def hypothesis(mouths: NDArray[np.uint8], seen: NDArray[np.bool_]) -> NDArray[np.uint8]:
        check_lips(seen)
        network, names = _reader(checkpoint or weights.require(official.name), units or weights.require(_UNITS))
        return value_of(read_mouths(network, names, mouths, decoding))

    return LipReader(
        label=label,
        decoding=_DECODINGS[decoding],
        vocabulary=f"units@{listed[:8]}",
        words=None,
        hypothesis=Feature(
            f"lip_hypothesis[{label},{_DECODINGS[decoding]},{listed[:8]}]",
            hypothesis,
            needs=(ALIGNED_MOUTHS, SEEN),
            weights=sha256,
            stored=True,
        ),
        unavailable=unavailable,
        limits=f"{FACE_LIMITS},seen:{LIPS_SEEN:g}",
        protocol=f"mean-face.1,landmarks:{BUNDLED.label}",
    )


def auto_avsr_ctc() -> LipReader:
    """The official Auto-AVSR by greedy CTC: quick."""
    return auto_avsr("ctc")


def read_mouths(
    network: VisualRecogniser, units: tuple[str, ...], mouths: NDArray[np.uint8], decoding: Decoding = "beam"
) -> str:
    """Return the words read from mouths, uint8 ``[T, 96, 96, 3]``, in capitals.

    Raises ClipError where there are more than ``LONGEST``.
    """
    import torch

    from syncbench.baselines.evaluators.auto_avsr.decoding import beam_search, greedy_ctc, spell

    if len(mouths) > LONGEST:
        raise ClipError(f"{len(mouths)} frames; Auto-AVSR reads {LONGEST} at once: cut the clip")
    with torch.inference_mode():
        memory = network.remember(standardised(mouths)[None])
        found = (
            greedy_ctc(network.spelled(memory)[0]) if decoding == "ctc" else beam_search(network, memory[0])[0].units
        )
    return spell(units, found)


def standardised(mouths: NDArray[np.uint8]) -> Tensor:
    """Return mouths, uint8 ``[T, 96, 96, 3]``, as the network takes them: float32 ``[T, 88, 88]``, the middle, in grey."""
    import torch

    from syncbench.baselines.evaluators.auto_avsr.network import INPUT_SIDE

    edge = (mouths.shape[1] - INPUT_SIDE) // 2
    middle = torch.from_numpy(mouths[:, edge : edge + INPUT_SIDE, edge : edge + INPUT_SIDE]).float() / 255
    return (middle @ torch.tensor([0.2989, 0.587, 0.114]) - 0.421) / 0.165


def _official() -> WeightsFile:
    """Return the best official checkpoint that is here; where none is, the best."""
    here = (name for name in _CHECKPOINTS if weights.find(name))
    return weights.lookup(next(here, _CHECKPOINTS[0]))


@lru_cache(maxsize=1)
def _reader(checkpoint: Path, units: Path) -> tuple[VisualRecogniser, tuple[str, ...]]:
    from syncbench.baselines.evaluators.auto_avsr.decoding import read_units
    from syncbench.baselines.evaluators.auto_avsr.network import load_recogniser

    network, names = load_recogniser(checkpoint), read_units(units)
    wanted: Any = network.ctc.ctc_lo.out_features
    if len(names) != wanted:
        raise Unavailable(
            f"{units}: {len(names) - 2} units of text, but {checkpoint} was trained with {wanted - 2}: "
            "give the list that belongs to it"
        )
    return network, names
