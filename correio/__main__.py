"""``python -m correio`` is the ``correio`` command."""

from __future__ import annotations

from correio.cli import main

main()
