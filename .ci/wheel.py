"""Check an installed wheel: ``python wheel.py SITE CHECKOUT``, from a folder that is neither."""

import importlib.util
import sys
from importlib.metadata import distribution
from pathlib import Path

site, checkout = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()

missing = []
for part in ("syncbench", "metrics", "baselines", "reports"):
    for path in (checkout / part).rglob("*.py"):
        if any(folder.is_symlink() for folder in path.relative_to(checkout).parents if folder != Path()):
            continue
        if "example" in path.parts:  # a package of its own, kept as data
            assert (site / path.relative_to(checkout)).is_file(), path
            continue
        relative = path.relative_to(checkout).with_suffix("")
        if (
            part == "syncbench"
            and len(relative.parts) > 2
            and (checkout / "syncbench" / relative.parts[1]).is_symlink()
        ):
            continue
        parts = relative.parts if part == "syncbench" else ("syncbench", *relative.parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None or not Path(spec.origin).resolve().is_relative_to(site):
            missing.append(name)
assert not missing, f"not in the wheel: {missing}"

entries = [entry for entry in distribution("syncbench").entry_points if entry.group.startswith("syncbench.")]
for entry in entries:
    entry.load()
top = {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")} - {"bin", "__pycache__"}
assert top == {"syncbench"}, f"the wheel leaves more than syncbench in site-packages: {top}"
data = list(checkout.glob("baselines/**/*.safetensors"))
assert all((site / "syncbench" / path.relative_to(checkout)).is_file() for path in data), "weights are not in the wheel"
print(f"wheel: {len(entries)} entry points load, {len(data)} weights are in it")
