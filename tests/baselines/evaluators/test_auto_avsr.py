"""Auto-AVSR against its own code (mpc001/auto_avsr, commit 182b628), step by step, with stand-in weights; and as a reader.

What its code answers is stored: ``auto_avsr_reference.py`` says of what, and made it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from syncbench import registry, weights
from syncbench.baselines.evaluators.auto_avsr.alignment import cut_mouths, similarity
from syncbench.baselines.evaluators.auto_avsr.decoding import beam_search, greedy_ctc, read_units, spell
from syncbench.baselines.evaluators.auto_avsr.network import (
    GrowingTexts,
    Sizes,
    VisualRecogniser,
    build,
    load_recogniser,
)
from syncbench.baselines.evaluators.auto_avsr.reader import ALIGNED_MOUTHS, auto_avsr, read_mouths, standardised
from syncbench.clip import Clip
from syncbench.errors import ClipError, Unavailable
from syncbench.feature import Features
from syncbench.features.evaluators import text_of
from syncbench.measurement import Ratios
from syncbench.metrics.readability import Readability

from ...conftest import Command
from . import auto_avsr_reference as reference

SMALL = Sizes(
    reference.WIDTH, reference.HEADS, reference.HIDDEN, reference.BLOCKS, reference.LAYERS, units=reference.UNITS
)


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[Any]]:
    with np.load(reference.GOLDEN) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return reference.stand_ins({key: tuple(value.shape) for key, value in VisualRecogniser(SMALL).state_dict().items()})


@pytest.fixture(scope="module")
def network(state: dict[str, torch.Tensor]) -> VisualRecogniser:
    return build(state)


@pytest.fixture(scope="module")
def files(state: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkpoint and its list of units, as a user has them."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save(reference.sharpened(state, 4, 30, 0), folder / "reader.pth")
    names = ["<unk>", *(f"{'▁' if n % 3 == 0 else ''}{chr(65 + n % 26)}{chr(65 + n % 7)}" for n in range(117))]
    (folder / "units.txt").write_text("".join(f"{name} {n}\n" for n, name in enumerate(names, 1)), encoding="utf-8")
    return folder / "reader.pth", folder / "units.txt"


@pytest.fixture(autouse=True)
def no_official_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("SYNCBENCH_WEIGHTS", "XDG_DATA_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))


def test_has_the_parameters_of_the_published_network(golden: dict[str, NDArray[Any]]) -> None:
    with torch.device("meta"):
        full = VisualRecogniser(Sizes())
    assert reference.names_and_shapes(full.state_dict()) == str(golden["full"])
    assert sum(parameter.numel() for parameter in full.parameters()) == int(golden["parameters"]) == 250_383_410
    assert Sizes.of(full.state_dict()) == Sizes()


@torch.inference_mode()
def test_memory_and_both_outputs_equal_the_reference(
    golden: dict[str, NDArray[Any]], network: VisualRecogniser
) -> None:
    memory = network.remember(reference.mouths(24)[None])
    np.testing.assert_allclose(memory[0], golden["memory"], atol=1e-5)
    np.testing.assert_allclose(network.spelled(memory)[0], golden["spelled"], atol=1e-5)
    growing = GrowingTexts(network, memory[0])
    read = torch.cat([growing.read(torch.tensor([unit])) for unit in reference.TEXT])
    np.testing.assert_allclose(read, golden["read"], atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("number", range(len(reference.SEARCHES)))
def test_the_search_finds_the_texts_of_the_reference(
    golden: dict[str, NDArray[Any]], state: dict[str, torch.Tensor], number: int
) -> None:
    frames, *sharp = reference.SEARCHES[number]
    surer = build(reference.sharpened(state, *sharp))
    texts = beam_search(surer, surer.remember(reference.mouths(frames)[None])[0])
    assert list(texts[0].units) == golden[f"units {number}"].tolist()
    np.testing.assert_allclose([text.score for text in texts], golden[f"scores {number}"], atol=1e-4)


def test_mouths_are_cut_out_as_by_the_reference_byte_for_byte(golden: dict[str, NDArray[Any]]) -> None:
    for number, (frames, points) in enumerate(reference.faces()):
        cut = cut_mouths(frames, points)
        means = cut.reshape(24, 12, 8, 12, 8, 3).mean(axis=(2, 4, 5))
        np.testing.assert_allclose(means, golden[f"cut {number} means"], atol=0.5)
        assert hashlib.sha256(cut.tobytes()).hexdigest() == str(golden[f"cut {number}"])
        np.testing.assert_allclose(standardised(cut)[::8, ::8, ::8], golden[f"seen {number}"], atol=1e-5)


def test_a_wild_point_does_not_move_the_face() -> None:
    points = np.random.default_rng(0).uniform(50, 200, (8, 2))
    turned = points @ np.array([[0.8, 0.3], [-0.3, 0.8]]) + [5, -7]
    wild = points + np.eye(8, 2) * 40  # the first two are elsewhere
    np.testing.assert_allclose(similarity(wild, turned)[:, 2], similarity(points, turned)[:, 2], atol=1e-3)
    np.testing.assert_allclose(similarity(points, turned), [[0.8, -0.3, 5], [0.3, 0.8, -7]], atol=1e-3)


def test_lips_that_cannot_be_cut_out_are_said() -> None:
    frames, points = next(reference.faces())
    with pytest.raises(ClipError, match="11 frames; mouths are cut from 12"):
        cut_mouths(frames[:11], points[:11])
    with pytest.raises(ClipError, match="no frame shows a face"):
        cut_mouths(frames, np.full_like(points, np.nan))
    points[:, 48:68] += 300
    with pytest.raises(ClipError, match="the lips are not where a face has them"):
        cut_mouths(frames, points)


@torch.inference_mode()
def test_what_is_seen_of_a_frame_does_not_depend_on_how_a_clip_is_split(network: VisualRecogniser) -> None:
    mouths = reference.mouths(104)[None]
    whole = network.frontend(mouths)
    torch.testing.assert_close(whole[:, 95:], network.frontend(mouths[:, 90:])[:, 5:], rtol=0, atol=1e-5)


def test_greedy_ctc_joins_repetitions() -> None:
    said = torch.full((8, 6), -9.0)
    for frame, unit in enumerate([0, 3, 3, 0, 3, 4, 4, 5]):  # 0 is the blank, 5 the end
        said[frame, unit] = 0
    assert greedy_ctc(said) == (3, 3, 4)
    assert greedy_ctc(said[:1]) == ()


def test_units_spell_words(files: tuple[Path, Path], tmp_path: Path) -> None:
    units = read_units(files[1])
    assert (len(units), units[0], units[-1]) == (reference.UNITS, "<blank>", "<eos>")
    assert spell(("<blank>", "▁SET", "▁B", "LUE", "'S"), (1, 2, 3, 4)) == "SET BLUE'S"
    (tmp_path / "odd.txt").write_text("A 1\nB 3\n")
    with pytest.raises(Unavailable, match=r"odd\.txt: not a list of units: line 2 is not 'unit 2'"):
        read_units(tmp_path / "odd.txt")


def test_other_checkpoints_say_what_is_wrong(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"lacks 'proj_encoder.weight'"):
        build({"vgg.0.weight": torch.zeros(1)})
    with pytest.raises(Unavailable, match=r'Missing key.*"frontend.trunk.layer1.0.conv1.weight"'):
        build({key: value for key, value in state.items() if key != "frontend.trunk.layer1.0.conv1.weight"})
    with pytest.raises(Unavailable, match=r'Unexpected key.*"aux.weight"'):
        build(state | {"aux.weight": torch.zeros(1)})
    torch.save({"state": 3}, tmp_path / "odd.pth")
    with pytest.raises(Unavailable, match=r"^\S*odd\.pth: not a checkpoint of tensors by name"):
        load_recogniser(tmp_path / "odd.pth")


def test_a_file_by_path_reads_a_real_clip(grid_clips: list[Clip], files: tuple[Path, Path]) -> None:
    clip = dataclasses.replace(grid_clips[0], transcript="The wedding's off, she said")
    reader = auto_avsr("ctc", *files)
    assert reader.unavailable() is None
    metric = Readability(reader)
    assert metric.unsuited(clip) is None, "it knows all words"
    assert metric.settings["reader"] == f"auto_avsr@{hashlib.sha256(files[0].read_bytes()).hexdigest()[:8]}"
    assert metric.settings["vocabulary"] == f"units@{hashlib.sha256(files[1].read_bytes()).hexdigest()[:8]}"
    assert metric.settings["decoding"] == "ctc-greedy" != auto_avsr("beam", *files).decoding
    assert metric.settings["protocol"].startswith("mean-face.1,landmarks:bundled@")
    features = Features(clip)
    heard = text_of(features[reader.hypothesis])
    assert heard == read_mouths(load_recogniser(files[0]), read_units(files[1]), features[ALIGNED_MOUTHS], "ctc")
    found = metric.measure(features, features).measurement
    assert isinstance(found, Ratios)
    assert found.pairs["lip_wer_real"][1] == 5


def test_units_of_another_checkpoint_are_refused(
    grid_clips: list[Clip], files: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "few.txt").write_text("<unk> 1\n▁A 2\n", encoding="utf-8")
    reader = auto_avsr("ctc", files[0], tmp_path / "few.txt")
    with pytest.raises(Unavailable, match=r"few\.txt: 2 units of text, but \S*reader\.pth was trained with 118"):
        Features(grid_clips[0])[reader.hypothesis]


def test_a_clip_that_is_too_long_is_refused(network: VisualRecogniser) -> None:
    with pytest.raises(ClipError, match="1601 frames; Auto-AVSR reads 1600 at once"):
        read_mouths(network, (), np.zeros((1601, 96, 96, 3), np.uint8))


def test_without_its_files_it_says_how_to_get_them() -> None:
    reason = registry.metric("readability-auto_avsr").unavailable() or ""
    assert "syncbench weights add vsr_trlrs2lrs3vox2avsp_base.pth" in reason
    assert "syncbench weights add unigram5000_units.txt" in reason
    assert "\n" not in reason
    assert registry.metric("readability").settings["reader"].startswith("lipreader@")


def test_official_files_make_it_the_reader_of_a_run(
    command: Command,
    lrs2_grid: Path,
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stands_for = {
        "auto_avsr": {"md5": hashlib.md5(files[0].read_bytes()).hexdigest()[:5]},
        "auto_avsr-units": {"bytes": None, "sha256": hashlib.sha256(files[1].read_bytes()).hexdigest()},
    }
    known = tuple(dataclasses.replace(k, **stands_for.get(k.name, {})) for k in weights.KNOWN)
    monkeypatch.setattr(weights, "KNOWN", known)
    assert command("weights", "add", str(files[0])).stdout.strip().endswith("vsr_trlrs2lrs3vox2avsp_base.pth")
    assert command("weights", "add", str(files[1])).returncode == 0
    talk = str(lrs2_grid / "mvlrs_v1" / "main" / "s1" / "bbal6n.mp4")
    done = command("score", talk, talk, "--text", "nobody says this", "--json", "--metrics", "readability")
    assert done.returncode == 0, done.stderr
    found = next(s for s in json.loads(done.stdout)["scores"] if s["name"] == "lip_wer_real")
    assert "reader=auto_avsr@" in found["signature"]
    assert "decoding=ctc-attention:beam40,ctc0.1" in found["signature"]
    assert found["value"] > 0
    assert registry.metric("readability-lipreader").settings["reader"].startswith("lipreader@")
