"""Secrets are kept as hashes, and asking about a wrong one never fails in another way."""

import re

import pytest

from core.errors import InvalidRequest
from registry import passwords
from registry.passwords import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    digest_of,
    hash_password,
    new_password,
    new_secret,
    password_is_right,
)

RIGHT = "correct horse 电池"


@pytest.fixture(scope="module")
def kept() -> str:
    return hash_password(RIGHT)


def test_a_password_is_kept_salted_and_slow(kept: str) -> None:
    assert kept.startswith("$argon2id$")
    assert RIGHT not in kept
    assert hash_password(RIGHT) != kept
    assert len(kept) <= 200


@pytest.mark.parametrize(
    ("password", "right"),
    [
        (RIGHT, True),
        (RIGHT + " ", False),
        (RIGHT.upper(), False),
        ("", False),
        ("x" * LONGEST_PASSWORD, False),
        ("x" * (LONGEST_PASSWORD + 1), False),
        ("x" * 10**6, False),
        ("\0" * 12, False),
        ("a lone surrogate \ud800", False),
    ],
)
def test_only_the_password_itself_fits(kept: str, password: str, right: bool) -> None:
    assert password_is_right(kept, password) is right


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA$"])
def test_no_password_fits_no_account_or_a_broken_hash(kept: str | None) -> None:
    assert not password_is_right(kept, RIGHT)
    assert not password_is_right(kept, "nobody has this password")


def test_an_unknown_account_costs_the_work_of_a_known_one(kept: str) -> None:
    assert passwords._NOBODY.split("$")[:4] == kept.split("$")[:4]


@pytest.mark.parametrize(
    "password",
    ["", "x" * (SHORTEST_PASSWORD - 1), "x" * (LONGEST_PASSWORD + 1), "a lone surrogate \ud800"],
)
def test_a_password_that_cannot_be_kept_is_refused(password: str) -> None:
    with pytest.raises(InvalidRequest):
        hash_password(password)


@pytest.mark.parametrize("length", [SHORTEST_PASSWORD, LONGEST_PASSWORD])
def test_the_limits_themselves_are_allowed(length: int) -> None:
    assert password_is_right(hash_password("长" * length), "长" * length)


def test_passwords_for_paper_have_no_letters_that_look_alike() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){2}", each) for each in made)


def test_secrets_are_long_and_kept_as_digests() -> None:
    made = {new_secret() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", each) for each in made)
    assert digest_of("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
