"""Messages of our own making: every way mail is written, well or badly."""

from tests.corpus.catalogue import messages
from tests.corpus.sample import Sample

__all__ = ["Sample", "messages"]
