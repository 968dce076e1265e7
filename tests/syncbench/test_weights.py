"""Official weight files: found, added, checked, and missed with the command that gets them."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest
import torch

from syncbench import weights
from syncbench.errors import CommandError, Unavailable
from syncbench.weights import KNOWN, WeightsFile


@pytest.fixture(autouse=True)
def empty_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is installed; files are added to a folder of the user's choice."""
    for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    chosen = tmp_path / "chosen"
    monkeypatch.setenv("SYNCBENCH_WEIGHTS", str(chosen))
    return chosen


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> tuple[WeightsFile, bytes]:
    """A known file small enough to have in a test."""
    content = b"weights of a network" * 50
    known = dataclasses.replace(
        weights.lookup("syncnet_v2"), bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    monkeypatch.setattr(weights, "KNOWN", (known, *KNOWN[1:]))
    return known, content


def test_every_known_file_can_be_told_and_fetched() -> None:
    assert len({known.name for known in KNOWN}) == len({known.file for known in KNOWN}) == len(KNOWN)
    for known in KNOWN:
        assert known.source.startswith("http")
        assert known.source.endswith(known.file) or known.source.startswith("https://drive.google.com/file/")
        # torchvision's eight digits; Auto-AVSR's authors state five digits of an MD5
        assert len(known.sha256) == 64 or (known.sha256 in known.file and known.sha256) or len(known.md5) == 5
        assert known.licence
        assert weights.lookup(known.file) is known


def test_files_of_which_only_an_md5_is_stated_are_told_by_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_places: Path
) -> None:
    download = tmp_path / "download"
    download.write_bytes(b"a lip reader")
    with pytest.raises(CommandError, match=r"its MD5 begins \w{8}, that of vsr_trlrs3_base\.pth begins c00a7"):
        weights.add(download, "auto_avsr-438h")
    assert "download https://drive.google.com/file/" in (weights.unavailable("auto_avsr") or "")
    known = dataclasses.replace(
        weights.lookup("auto_avsr-438h"), md5=hashlib.md5(download.read_bytes()).hexdigest()[:5]
    )
    monkeypatch.setattr(weights, "KNOWN", (*(k for k in KNOWN if k.name != known.name), known))
    assert weights.add(download) == empty_places / "vsr_trlrs3_base.pth"
    assert weights.find("vsr_trlrs3_base") is not None


def test_absent_weights_say_the_exact_command() -> None:
    assert weights.find("syncnet_v2") is None
    with pytest.raises(Unavailable) as caught:
        weights.require("syncnet_v2")
    message = str(caught.value)
    assert (
        "curl -LO http://www.robots.ox.ac.uk/~vgg/software/lipsync/data/syncnet_v2.model"
        " && syncbench weights add syncnet_v2.model" in message
    )
    assert "\n" not in message
    assert weights.unavailable("syncnet_v2") == message
    assert {check.state for check in weights.verify()} == {"absent"}


def test_add_tells_the_file_by_its_content(tiny: tuple[WeightsFile, bytes], tmp_path: Path, empty_places: Path) -> None:
    known, content = tiny
    download = tmp_path / "download (1).bin"
    download.write_bytes(content)
    target = weights.add(download)
    assert target == empty_places / known.file
    assert weights.find("syncnet_v2") == weights.require("syncnet") == target
    assert weights.unavailable("syncnet_v2") is None
    assert weights.add(target) == target  # once more changes nothing
    assert [path.name for path in empty_places.iterdir()] == [known.file]


def test_a_cut_download_and_foreign_files_are_refused(tiny: tuple[WeightsFile, bytes], tmp_path: Path) -> None:
    known, content = tiny
    cut = tmp_path / known.file
    cut.write_bytes(content[:600])
    with pytest.raises(CommandError, match=r"it has 600 bytes, syncnet_v2\.model has 1,000; download it again"):
        weights.add(cut)
    cut.write_bytes(content[::-1])
    with pytest.raises(CommandError, match=r"its SHA-256 begins \w{8}, that of syncnet_v2\.model begins"):
        weights.add(cut)
    other = tmp_path / "other.pth"
    other.write_bytes(b"something else")
    with pytest.raises(CommandError, match="neither size nor hash is that of a known file"):
        weights.add(other)
    with pytest.raises(CommandError, match="not the official s3fd: it has 14 bytes"):
        weights.add(other, "s3fd")
    with pytest.raises(CommandError, match="there is no such file"):
        weights.add(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="unknown weights 'syncnet_v3': did you mean syncnet_v2"):
        weights.find("syncnet_v3")


def test_a_wrong_file_in_place_is_never_used(tiny: tuple[WeightsFile, bytes], empty_places: Path) -> None:
    known, content = tiny
    empty_places.mkdir()
    (empty_places / known.file).write_bytes(content[:-1] + b"!")
    assert weights.find("syncnet_v2") is None
    assert "is not the official file (its SHA-256 begins" in (weights.unavailable("syncnet_v2") or "")
    assert weights.verify()[0].state == "wrong"


def test_torchs_own_cache_is_looked_into(tiny: tuple[WeightsFile, bytes], tmp_path: Path) -> None:
    known, content = tiny
    cached = tmp_path / "TORCH_HOME" / "hub" / "checkpoints" / known.file
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    assert weights.require("syncnet_v2") == cached


def test_a_folder_that_cannot_be_written_is_said(
    tiny: tuple[WeightsFile, bytes], tmp_path: Path, empty_places: Path
) -> None:
    _, content = tiny
    empty_places.write_text("a file where the folder should be")
    download = tmp_path / "download"
    download.write_bytes(content)
    with pytest.raises(CommandError, match="cannot be written"):
        weights.add(download)


def test_the_face_landmarker_is_the_one_described(shared: Path) -> None:
    path = shared / "weights" / "face_landmarker.task"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    assert weights.find("face_landmarker") is None
    assert weights.add(path).name == "face_landmarker.task"
    assert weights.find("face_landmarker") is not None


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("code in a checkpoint ran",)


def test_checkpoints_run_no_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"weight": _Runs()}, path)
    with pytest.raises(Unavailable, match=r"evil\.pth: not a readable PyTorch checkpoint"):
        weights.load_checkpoint(path)
    assert "ran" not in capsys.readouterr().out
    torch.save([1, 2], path)
    with pytest.raises(Unavailable, match="not a checkpoint of tensors by name"):
        weights.load_checkpoint(path)
