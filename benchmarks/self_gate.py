"""The project gates its own model: no regression against the stored baseline, and a planted one is caught.

``python benchmarks/self_gate.py`` runs the bundled CALS-style model on rendered faces and judges it against
``benchmarks/baseline`` by ``benchmarks/gate.toml``; then it spoils the checkpoint with noise and expects a failure.
``--store`` makes the baseline anew, after a change that was meant. Where this machine renders other bytes than the one the
baseline was made on, nothing can be compared, and it says so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

HERE = Path(__file__).parent.resolve()
BASELINE = HERE / "baseline"
CLIPS = 24
METRICS = ("lse", "landmark_distance")
KEPT = ("manifest.json", "journal.jsonl", "summary.json", "clips.parquet")


def spoil(weights: Path, to: Path, noise: float = 0.3) -> None:
    """Write a checkpoint whose matrices carry Gaussian noise, a share of their own deviation."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(0)
    with safe_open(weights, "pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and tensor.ndim > 1:
            drawn = torch.randn(tensor.shape, generator=generator)
            tensors[name] = (tensor.float() + noise * tensor.float().std() * drawn).to(tensor.dtype)
    save_file(tensors, to, header)


def main() -> int:
    """Return 0 where the model passes and the spoiled one fails, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", action="store_true", help="make the baseline anew")
    store = parser.parse_args().store

    import syncbench
    from syncbench.baselines.faces.cals import config
    from syncbench.reports.decisions.gate import gate
    from syncbench.reports.decisions.gate_text import print_gate
    from syncbench.reports.decisions.policy import load_policy
    from syncbench.runs import Run, load_run

    def run(out: str, **options: str) -> Run:
        return syncbench.run(
            "cals",
            "synthetic",
            out=out,
            metrics=METRICS,
            limit=CLIPS,
            workers=os.cpu_count() or 1,
            options=options,
        )

    policy = load_policy(HERE / "gate.toml")
    with tempfile.TemporaryDirectory(prefix="syncbench-gate-") as name:
        os.chdir(name)
        os.environ["SYNCBENCH_CACHE"] = "cache"  # so that a stored run names no folder of this machine
        new = run("cals")
        if store:
            BASELINE.mkdir(exist_ok=True)
            for file in KEPT:
                shutil.copyfile(new.path / file, BASELINE / file)
            return 0
        baseline = load_run(BASELINE)
        if new.manifest.dataset_hash != baseline.manifest.dataset_hash:
            print("cannot tell: this machine renders other bytes than the baseline's; make one here with --store")
            return 0
        good = gate(new, baseline, policy)
        print_gate(good)
        spoil(Path(config.__file__).with_name("weights.safetensors"), Path("spoiled.safetensors"))
        bad = gate(run("spoiled", weights="spoiled.safetensors"), baseline, policy)
        print_gate(bad)
    print(f"bundled model: exit {good.exit_code}, wanted 0; spoiled checkpoint: exit {bad.exit_code}, wanted 1")
    return 0 if (good.exit_code, bad.exit_code) == (0, 1) else 1


if __name__ == "__main__":
    raise SystemExit(main())
