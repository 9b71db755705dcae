"""Which way of preparing this program has."""

from typing import Final

VERSION: Final = 3
"""Whoever changes what is prepared, or how, counts on: what older programs made is then not read any more,
and everything is prepared anew."""
