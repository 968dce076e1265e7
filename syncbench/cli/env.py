"""``syncbench env``: what runs here, to be pasted into an issue."""

from __future__ import annotations

import json
import sys

from syncbench.cli.options import Json

__all__ = ["env"]


def env(as_json: Json = False) -> None:
    """Show versions, hardware, weights and folders."""
    from syncbench import weights
    from syncbench.files import cache_folder
    from syncbench.runs.manifest import hardware, package_versions

    found = {
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "packages": package_versions(),
        "hardware": hardware().model_dump(),
        "weights": {known.name: str(weights.find(known.name) or "") for known in weights.KNOWN},
        "cache": str(cache_folder()),
    }
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for key, value in found.items():
        if isinstance(value, dict):
            print(f"{key}:")
            for name, text in value.items():
                print(f"  {name:18} {text or '-'}")
        else:
            print(f"{key}: {value}")
