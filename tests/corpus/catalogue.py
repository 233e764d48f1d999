"""The whole corpus, and the directory of more that CORREIO_CORPUS may name."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from tests.corpus import (
    alphabets,
    charsets,
    dates,
    encoded_words,
    encodings,
    filenames,
    framing,
    kinds,
    sizes,
    structures,
)
from tests.corpus.sample import Sample

_CHAPTERS = (alphabets, charsets, encoded_words, filenames, encodings, structures, kinds, dates, framing, sizes)


@cache
def messages() -> tuple[Sample, ...]:
    """Return our own messages, always the same ones in the same order."""
    return tuple(sample for chapter in _CHAPTERS for sample in chapter.samples())


@cache
def outside_messages() -> tuple[Sample, ...]:
    """Return the files of the directory CORREIO_CORPUS, all but ``*.md``; none where it is not set."""
    root = os.environ.get("CORREIO_CORPUS")
    if not root:
        return ()
    files = sorted(path for path in Path(root).rglob("*") if path.is_file() and path.suffix != ".md")
    return tuple(Sample(str(path.relative_to(root)), path.read_bytes()) for path in files)
