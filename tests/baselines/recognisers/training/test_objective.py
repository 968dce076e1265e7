"""What the recognisers learn."""

from __future__ import annotations

import pytest
import torch

from syncbench.baselines.recognisers.network import build
from syncbench.baselines.recognisers.training.objective import RecognitionObjective

from ..tiny import TINY


def test_each_word_weighs_the_same_and_the_silences_together_as_one() -> None:
    objective = RecognitionObjective({"audio": build("audio", TINY)}, words=7, naming=0.5).eval()
    head = objective.heads["audio"]
    assert isinstance(head, torch.nn.Linear)
    scores = torch.tensor([1.0, 0, 0, 0, 0, -1, 0, 2])  # of each word, whatever is heard
    with torch.no_grad():
        head.weight.zero_()
        head.bias.copy_(scores)
    batch = {
        "visual": torch.zeros(1, 8, 16),
        "audio": torch.randn(1, 8, 16),
        "lengths": torch.tensor([8]),
        "named": torch.tensor([[0, 0, 0, 5, 5, 7, 0, -1]]),
        "texts": [[3, 4]],
    }
    found, _ = objective(batch)
    wanted = -scores.log_softmax(0)[[0, 5, 7]].mean()
    assert float((found["loss"] - found["audio"]).detach()) == pytest.approx(0.5 * float(wanted), abs=1e-5)


def test_unknown_words_alone_name_nothing() -> None:
    objective = RecognitionObjective({"audio": build("audio", TINY)}, words=2, naming=1.0).eval()
    batch = {
        "visual": torch.zeros(1, 8, 16),
        "audio": torch.randn(1, 8, 16),
        "lengths": torch.tensor([8]),
        "named": torch.full((1, 8), -1),
        "texts": [[3, 4]],
    }
    found, _ = objective(batch)
    assert torch.equal(found["loss"], found["audio"])
