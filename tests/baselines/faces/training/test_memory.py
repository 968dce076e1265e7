"""The memory that SyncTalkFace's training begins with."""

from __future__ import annotations

import numpy as np
import torch

from syncbench.baselines.faces.synctalkface.memory import AudioLipMemory
from syncbench.baselines.faces.synctalkface.training.memory import typical_lips


def test_a_memory_begun_with_typical_lips_recalls_them_by_eye_and_by_ear() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.normal(3, 2, (6, 16))
    lips = (kinds[rng.integers(0, 6, 600)] + rng.normal(0, 0.01, (600, 16))).astype(np.float32)
    memory = AudioLipMemory(slots=6, dim=16, radius=60.0).eval()
    memory.begin_with(*typical_lips(lips, 6, seed=0))
    some = torch.from_numpy(lips[:50])
    with torch.inference_mode():
        by_eye, by_ear = memory.see(some), memory.hear(some)
        torch.testing.assert_close(by_eye.addresses, by_ear.addresses)
        torch.testing.assert_close(memory.fuse(torch.zeros(50, 16), by_eye.lips), some, atol=0.2, rtol=0.1)
    assert len(by_eye.addresses.argmax(dim=1).unique()) == 6
