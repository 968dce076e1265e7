"""Videos made elsewhere are found by clip id, whatever their suffix, case and Unicode form."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from syncbench.baselines.precomputed.videos import Videos
from syncbench.clip import PARTS, Clip
from syncbench.errors import ClipError, CommandError
from syncbench.feature import Features
from syncbench.options import Options
from syncbench.system import Given, Setup


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def lay(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def videos(folder: Path) -> Videos:
    return Videos(Setup(Options(), str(folder)), "folder")


def video(system: Videos, name: str) -> object:
    return system.answer(Given(Features(Clip(name)), PARTS, system.name)).video


def test_nested_and_flat_names_are_found_and_what_is_missing_is_said(out: Path) -> None:
    lay(out, "s/0.mp4", "s_1.avi")
    system = videos(out)
    assert video(system, "s/0") == out / "s/0.mp4"
    assert video(system, "s/1") == out / "s_1.avi"
    with pytest.raises(ClipError, match=r"s/2\.mp4 is not there: write the video of clip 's/2'"):
        video(system, "s/2")
    with pytest.raises(CommandError, match="needs a folder of videos"):
        videos(out / "nowhere")


def test_case_of_suffixes_and_unicode_forms_of_names_do_not_matter(out: Path) -> None:
    composed, split = (unicodedata.normalize(form, "señor") for form in ("NFC", "NFD"))
    lay(out, "IMG_1.MOV", f"{split}.MP4")
    system = videos(out)
    assert video(system, "IMG_1") == out / "IMG_1.MOV"
    assert video(system, composed) == video(system, split) == out / f"{split}.MP4"


def test_two_files_of_one_name_are_told_apart_by_their_suffix_or_refused(out: Path) -> None:
    lay(out, "take4.mp4", "take4.mkv")
    system = videos(out)
    assert video(system, "take4.mkv") == out / "take4.mkv"
    assert video(system, "take4.mp4") == out / "take4.mp4"
    with pytest.raises(ClipError, match=r"take4\.mkv and take4\.mp4: keep the one that is clip 'take4'"):
        video(system, "take4")
