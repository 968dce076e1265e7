"""``syncbench weights``: the official files metrics need, known by size and hash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from syncbench.cli.options import Json

__all__ = ["app"]

app = typer.Typer(help="Official weights: what is known, what is here, how to get it.", no_args_is_help=True)


@app.command("list")
def list_weights(as_json: Json = False) -> None:
    """List known weights: size, licence, where to get them, and whether they are here."""
    from syncbench import weights

    rows = [
        {
            "name": known.name,
            "file": known.file,
            "bytes": known.bytes,
            "sha256": known.sha256,
            "md5": known.md5,
            "licence": known.licence,
            "source": known.source,
            "here": str(weights.find(known.name) or ""),
        }
        for known in weights.KNOWN
    ]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(f"{row['name']:20} {row['here'] or 'not here'}")
        print(f"{'':20} {row['file']}, {row['bytes'] or '?'} bytes; {row['licence']}; {row['source']}")


@app.command()
def add(
    path: Annotated[Path, typer.Argument(help="A downloaded file.")],
    name: Annotated[
        str | None, typer.Option(help="What it should be; default: told by its size and hash.", show_default=False)
    ] = None,
) -> None:
    """Check a downloaded file by size and hash and keep it where metrics find it."""
    from syncbench import weights

    print(weights.add(path, name))


@app.command("verify")
def verify_weights() -> None:
    """Hash every kept file again. Exit 1 where one is damaged."""
    from syncbench import weights

    checks = weights.verify()
    for check in checks:
        print(f"{check.weights.name:20} {check.state:8} {check.reason or check.path or check.weights.source}")
    if any(check.state not in {"ok", "absent"} for check in checks):
        raise typer.Exit(1)
