"""A short run of what `make fuzz` does for minutes."""

from itertools import islice

import pytest

from tests.ecg.formats.fuzzing import attempts, samples


@pytest.mark.parametrize("kind", sorted(samples()))
def test_damaged_files_are_read_or_refused_in_words(kind: str) -> None:
    outcomes = list(islice(attempts(kind, first=1), 60))
    assert True in outcomes
    assert False in outcomes
