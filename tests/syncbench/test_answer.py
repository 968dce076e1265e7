"""An answer is of one of the classes its task wants and holds what that class promises; anything else is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from syncbench.answer import Answer, AudioVisual, Spans, Speech, Text, Video, check_answer
from syncbench.clip import Recording, Word
from syncbench.errors import ClipError
from syncbench.task import AVSR, TALKING_FACE, Task

FRAMES = np.zeros((3, 4, 4, 3), np.uint8)
SPEECH = np.zeros(640, np.float32)
WORD = Word("bin", 0.0, 0.2)


def checked(answer: object, *kinds: type[Answer]) -> Answer:
    return check_answer(answer, kinds or (type(answer),), "some task")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "answer",
    [
        Video(FRAMES),
        Speech(SPEECH),
        AudioVisual(FRAMES, SPEECH, "bin"),
        Text("bin"),
        Text(""),
        Spans((WORD,)),
        Spans(()),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_a_good_answer_is_what_it_was(answer: Answer) -> None:
    assert checked(answer) is answer


def test_a_file_and_a_stretch_of_one_are_answers(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.touch()
    for source in (file, Recording(file, 0.2, 0.4)):
        assert checked(Video(source))
        assert checked(AudioVisual(source, source))
    with pytest.raises(ClipError, match=r"no\.mp4 is no file: write it before answering"):
        checked(Video(tmp_path / "no.mp4"))


@pytest.mark.parametrize(
    ("task", "answer", "says"),
    [
        (
            TALKING_FACE,
            Answer(),
            "the answer is empty: a system of task 'talking-face' answers with Video or AudioVisual",
        ),
        (AVSR, Answer(), "the answer is empty: a system of task 'avsr' answers with Text"),
        (AVSR, None, "the answer is None: a system of task 'avsr' answers with Text"),
        (AVSR, "bin", "the answer is str: a system of task 'avsr' answers with Text"),
        (AVSR, Video(FRAMES), "the answer is Video: task 'avsr' wants Text"),
        (TALKING_FACE, Text("bin"), "the answer is Text: task 'talking-face' wants Video or AudioVisual"),
        (TALKING_FACE, FRAMES, "the answer is uint8 [3, 4, 4, 3]: a system of task 'talking-face' answers with Video"),
    ],
)
def test_the_wrong_answer_for_a_task_is_said(task: Task, answer: object, says: str) -> None:
    with pytest.raises(ClipError) as error:
        check_answer(answer, task.answers, task.name)
    assert str(error.value).startswith(says)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Video(None), "the answer's video is None"),  # type: ignore[arg-type]
        (Video("a.mp4"), "the answer's video is str: give an array, or the Path of a file"),  # type: ignore[arg-type]
        (Video(FRAMES.astype(np.float32)), "uint8 [T, H, W, 3] with T > 0, not float32 [3, 4, 4, 3]"),
        (Video(FRAMES[:0]), "not uint8 [0, 4, 4, 3]"),
        (Video(FRAMES[0]), "not uint8 [4, 4, 3]"),
        (Speech(SPEECH.astype(np.int16)), "the answer's speech must be float32 [N] at 16 kHz"),
        (Speech(SPEECH[:0]), "not float32 [0]"),
        (AudioVisual(FRAMES, np.full(640, np.nan, np.float32)), "values that are no numbers"),
        (AudioVisual(FRAMES, None), "the answer's speech is None"),  # type: ignore[arg-type]
        (Text(None), "the answer's text is None: give a str, an empty one where there are no words"),  # type: ignore[arg-type]
        (Spans(("bin",)), "the answer's spans must be Words"),  # type: ignore[arg-type]
        (Text("bin", traces={"level": [1, 2]}), "the answer's trace 'level' is list"),  # type: ignore[dict-item]
        (Text("bin", traces={"level": np.array([None])}), "the answer's trace 'level' is object [1]"),
    ],
)
def test_an_answer_without_what_it_promises_is_said(answer: Answer, says: str) -> None:
    with pytest.raises(ClipError) as error:
        checked(answer)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
