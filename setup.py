"""Place the top-level folders metrics/, baselines/ and reports/ inside the ``syncbench`` package.

The one thing pyproject.toml cannot say: package names computed from folders that lie elsewhere. The symlinks of the same
names inside syncbench/ serve checkers and editors; the build does not need them.
"""

from setuptools import find_packages, setup

PARTS = ("metrics", "baselines", "reports")

setup(
    packages=[
        name
        for name in find_packages(include=["syncbench", "syncbench.*"])
        if not name.startswith(tuple(f"syncbench.{part}" for part in PARTS))
    ]
    + [f"syncbench.{name}" for part in PARTS for name in find_packages(include=[part, f"{part}.*"])],
    package_dir={"syncbench": "syncbench"} | {f"syncbench.{part}": part for part in PARTS},
)
