"""A size on the command line, such as 50MiB."""

from __future__ import annotations

from typing import Any, Final

import click

from correio.config_sources import parse_size


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_size(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


SIZE: Final = _Size()
