"""``python -m syncbench``."""

from syncbench.cli import main

main()
