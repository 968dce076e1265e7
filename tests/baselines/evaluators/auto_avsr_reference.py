"""What Auto-AVSR's own code answers, for tests: the cases, and how their answers were made.

``python -m tests.baselines.evaluators.auto_avsr_reference CLONE`` runs the code of a clone of mpc001/auto_avsr and writes
``tests/data/parity/auto_avsr.npz`` anew. It wants OpenCV before 4.11, torchvision and scikit-image. The stored answers come
from commit 182b628 with OpenCV 4.10.0. Weights are stand-ins (``tests/pseudo_weights.py``) in a network of the same layers
and small sizes; the names and shapes of the full one are kept as a hash.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...pseudo_weights import pseudo_state_dict

__all__ = ["GOLDEN", "SEARCHES", "TEXT", "UNITS", "faces", "mouths", "names_and_shapes", "sharpened", "stand_ins"]

GOLDEN = Path(__file__).parents[2] / "data" / "parity" / "auto_avsr.npz"
UNITS, WIDTH, HEADS, HIDDEN, BLOCKS, LAYERS = 120, 32, 4, 64, 2, 2
TEXT = (UNITS - 1, 5, 7, 7, 90)
"""Units that the decoder reads; the first begins the text."""
SEARCHES = ((12, 4.0, 3.0, 1.0), (30, 8.0, 30.0, 1.0), (30, 3.0, 60.0, 2.0), (50, 6.0, 90.0, 4.0), (3, 4.0, 30.0, -3.0))
"""Frames, how sharp the decoder and CTC are, and what is added to the decoder's logit of the end."""


def stand_ins(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Return stand-in weights for parameters of these shapes."""
    return {key: torch.from_numpy(np.asarray(value)) for key, value in pseudo_state_dict(dict(shapes)).items()}


def sharpened(state: Mapping[str, Tensor], decoder: float, ctc: float, end: float) -> dict[str, Tensor]:
    """Return weights that are surer of their units, so that texts end and differ."""
    changed = {key: value.clone() for key, value in state.items()}
    changed["decoder.output_layer.weight"] *= decoder / 4
    changed["ctc.ctc_lo.weight"] *= ctc / 4
    changed["ctc.ctc_lo.bias"][0] += 2
    changed["decoder.output_layer.bias"][-1] += end
    return changed


def mouths(frames: int) -> Tensor:
    """Return patches of the size of standardised mouths, ``[frames, 88, 88]``, others in each frame."""
    patches = np.random.default_rng(frames).standard_normal((frames, 8, 8)).astype(np.float32)
    return torch.from_numpy(2 * patches.repeat(11, axis=1).repeat(11, axis=2))


def faces() -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Yield pictures ``[T, H, W, 3]`` of noise and shaken landmarks of real faces ``[T, 68, 2]``, some wild or missing."""
    with np.load(GOLDEN.parents[1] / "lrs2-grid" / "landmarks68.npz") as stored:
        clips = [stored[key] / 64 for key in sorted(stored.files)[:3]]
    rng = np.random.default_rng(0)
    for scale, points in zip((1.0, 0.6, 2.3), clips, strict=True):
        size = round(160 * scale)
        points = scale * (points[:24] + rng.normal(0, 0.7, (24, 68, 2)))
        points[rng.random((24, 68)) < 0.06] += 12 * scale
        points[[0, 1, 9, 10, 11, 23]] = np.nan
        yield rng.integers(0, 256, (24, size, size + 10, 3), dtype=np.uint8), points


def names_and_shapes(state: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of the names and shapes of tensors."""
    lines = sorted(f"{key} {tuple(value.shape)}" for key, value in state.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _answers(clone: Path) -> dict[str, Any]:
    sys.path[:0] = [str(clone), str(clone / "preparation")]
    import torchvision
    from detectors.retinaface.video_process import VideoProcess
    from espnet.nets.batch_beam_search import BatchBeamSearch
    from espnet.nets.pytorch_backend.ctc import CTC
    from espnet.nets.pytorch_backend.decoder.transformer_decoder import TransformerDecoder
    from espnet.nets.pytorch_backend.e2e_asr_conformer import E2E
    from espnet.nets.pytorch_backend.encoder.conformer_encoder import ConformerEncoder
    from espnet.nets.pytorch_backend.transformer.mask import subsequent_mask

    full: Any = E2E(5049, "video")
    model: Any = E2E(UNITS, "video")
    model.proj_encoder = torch.nn.Linear(512, WIDTH)
    model.encoder = ConformerEncoder(WIDTH, HEADS, HIDDEN, BLOCKS)
    model.decoder = TransformerDecoder(UNITS, WIDTH, HEADS, HIDDEN, LAYERS)
    model.ctc = CTC(UNITS, WIDTH, 0.1)
    model.eval()
    state = stand_ins({key: tuple(value.shape) for key, value in model.state_dict().items()})
    model.load_state_dict(state)

    def remember(frames: int) -> Tensor:
        return model.encoder(model.proj_encoder(model.frontend(mouths(frames)[None, :, None])), None)[0][0]

    memory = remember(24)
    read = model.decoder(torch.tensor([TEXT]), subsequent_mask(len(TEXT))[None], memory[None], None)[0][0]
    found: dict[str, Any] = {
        "full": names_and_shapes(full.state_dict()),
        "parameters": sum(parameter.numel() for parameter in full.parameters()),
        "memory": memory,
        "spelled": model.ctc.log_softmax(memory),
        "read": read.log_softmax(-1),
    }
    for number, (frames, decoder, ctc, end) in enumerate(SEARCHES):
        model.load_state_dict(sharpened(state, decoder, ctc, end))
        search = BatchBeamSearch(
            scorers=model.scorers(),
            weights={"decoder": 0.9, "ctc": 0.1},
            beam_size=40,
            vocab_size=UNITS,
            sos=model.sos,
            eos=model.eos,
            pre_beam_score_key="decoder",
        )
        texts = search(remember(frames))
        found[f"units {number}"] = [u for u in texts[0].yseq[1:].tolist() if u != model.eos]
        found[f"scores {number}"] = [float(text.score) for text in texts]
        print(frames, len(texts), found[f"units {number}"], found[f"scores {number}"][:2])
    process = VideoProcess(convert_gray=False)
    transform = torchvision.transforms.Compose(
        [
            torchvision.transforms.CenterCrop(88),
            torchvision.transforms.Grayscale(),
            torchvision.transforms.Normalize(0.421, 0.165),
        ]
    )
    for number, (frames, points) in enumerate(faces()):
        cut = process(list(frames), [None if np.isnan(p).any() else p.copy() for p in points])
        found[f"cut {number}"] = hashlib.sha256(cut.tobytes()).hexdigest()
        found[f"cut {number} means"] = cut.reshape(24, 12, 8, 12, 8, 3).mean(axis=(2, 4, 5))
        found[f"seen {number}"] = transform(torch.from_numpy(cut).permute(0, 3, 1, 2) / 255)[::8, 0, ::8, ::8]
    return found


def main(clone: str) -> None:
    """Write the answers of a clone's code."""
    from syncbench import _torchvision

    _torchvision.ensure_torchvision()
    torch.set_num_threads(1)
    with torch.inference_mode():
        np.savez_compressed(GOLDEN, **{key: np.asarray(value) for key, value in _answers(Path(clone)).items()})


if __name__ == "__main__":
    main(sys.argv[1])
