"""ETags in headers: what is understood, what matches, and that no header takes long to read."""

import time

import pytest

from core.errors import InvalidRequest, VersionRequired
from viewer_api.entity_tags import is_held, version_seen

NO_VERSION = -1


@pytest.mark.parametrize(
    ("if_match", "version"),
    [
        (None, None),
        ('"0"', 0),
        ('"3"', 3),
        ('  "3"\t', 3),
        (',"3",', 3),
        ('"3", "3"', 3),
        ('"2", "7"', 7),
        ('"2","3"', NO_VERSION),
        ('W/"3"', NO_VERSION),
        ('W/"7", "2"', 2),
        ('"03"', NO_VERSION),
        ('"+3"', NO_VERSION),
        ('"٣"'.encode().decode("latin-1"), NO_VERSION),
        ('""', NO_VERSION),
        ('"a,b"', NO_VERSION),
    ],
)
def test_if_match_names_a_version_or_none_that_exists(if_match: str | None, version: int | None) -> None:
    assert version_seen(if_match, lambda: 7) == version


@pytest.mark.parametrize(
    "if_match", ["3", "", " ", '"3', '3"', '"3" "4"', 'w/"3"', '"3";q=1', '"\x00"', "*, *"]
)
def test_what_is_no_list_of_tags_is_a_bad_request(if_match: str) -> None:
    with pytest.raises(InvalidRequest):
        version_seen(if_match, lambda: 7)


def test_a_star_would_write_over_words_that_nobody_has_seen() -> None:
    with pytest.raises(VersionRequired):
        version_seen(" * ", lambda: 7)


@pytest.mark.parametrize(
    ("if_none_match", "held"),
    [
        (None, False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        ("*", True),
        ('"b"', False),
        ('"A"', False),
        ('"a,b"', False),
    ],
)
def test_what_is_held_is_compared_weakly(if_none_match: str | None, held: bool) -> None:
    assert is_held(if_none_match, '"a"') is held


@pytest.mark.parametrize("header", ['"a"' + " , " * 20_000 + "x", " " * 60_000 + "x", '"a" ' * 20_000])
def test_no_header_takes_long_to_read(header: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidRequest):
        version_seen(header, lambda: 7)
    assert time.perf_counter() - began < 1
