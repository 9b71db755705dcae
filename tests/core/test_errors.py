"""Every error says something to a person, and carries no code of any protocol."""

import re

import pytest

from core import errors
from core.errors import HubError

ALL = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HubError) and kind is not HubError
]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_the_docstring_is_the_message_when_none_is_given(kind: type[HubError]) -> None:
    assert kind.__doc__
    assert str(kind()) == kind.__doc__.strip()
    assert str(kind()).endswith(".")
    assert str(kind("Another sentence.")) == "Another sentence."


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_no_message_names_a_status_of_a_protocol(kind: type[HubError]) -> None:
    assert not re.search(r"\b([0-9]{3}|[0-9A-F]{4}|0x[0-9A-F]+)\b", str(kind()))


def test_each_error_is_a_kind_of_its_own() -> None:
    # An edge's table is looked up by class: one error must never be taken for another.
    assert len(ALL) > 10
    assert all(kind.__bases__ == (HubError,) for kind in ALL)
