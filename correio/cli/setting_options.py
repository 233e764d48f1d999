"""The flags that are settings, and the settings they make together with file and environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from correio.config import Settings
from correio.config_sources import SETTINGS, ConfigError, Setting, load_settings

_STORE: Final = ("data", "mongodb_uri", "database")
_FLAGS: Final = "correio.flags"
_FILE: Final = "correio.file"

_METAVARS: Final = {"Endpoint": "HOST:PORT", "Path": "PATH", "str": "TEXT", "bool": "true|false"}

Command = Callable[..., Any]


def setting_options(*, every: bool = False) -> Callable[[Command], Command]:
    """Give a command ``--config`` and the flags of the store, or of every setting; it gets ``settings``."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        @click.pass_context
        def with_settings(context: click.Context, /, *arguments: Any, **options: Any) -> Any:
            return command(*arguments, settings=_load(context), **options)

        wrapped: Command = with_settings
        for setting in reversed([each for each in SETTINGS if every or each.key in _STORE]):
            wrapped = _option(setting)(wrapped)
        return click.option(
            "--config",
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_keep_file,
            metavar="FILE",
            help="Settings in TOML [CORREIO_CONFIG]",
        )(wrapped)

    return decorate


def _option(setting: Setting) -> Callable[[Command], Command]:
    default = f" (default {setting.default_text})" if setting.default_text else ""
    metavar = setting.unit.upper() or _METAVARS.get(setting.kind.__name__, "NUMBER")
    return click.option(
        setting.flag,
        f"setting_{setting.key.replace('.', '_')}",
        expose_value=False,
        callback=lambda context, _, value: context.meta.setdefault(_FLAGS, {}).__setitem__(setting.key, value),
        metavar=metavar,
        help=f"{setting.description}{default} [{setting.variable}]",
    )


def _keep_file(context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    context.meta[_FILE] = value


def _load(context: click.Context) -> Settings:
    try:
        return load_settings(context.meta.get(_FLAGS), os.environ, context.meta.get(_FILE))
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
