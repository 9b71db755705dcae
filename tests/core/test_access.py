"""Who may do what, where: the whole matrix of role, act and place."""

from itertools import product

import pytest

from core.access import ALLOWED, Act, Actor, Grant, Role, Route, Scope

ROUTES = (
    Route(reading_group_id="heart", site_id="township", modality="ECG"),
    Route(reading_group_id="heart", site_id="station", modality=None),
    Route(reading_group_id="bones", site_id="township", modality="DX"),
)
# The matrix as the consortium reads it, written by hand: one line a role, one mark an act.
#            search store request link read take-over answer-retake receive confirm trace audit administer
MATRIX = """
technician   yes    yes   yes     yes  no   no        yes           yes     yes     yes   no    no
reader       yes    no    no      yes  yes  yes       no            yes     no      yes   no    no
clinic       yes    no    yes     no   no   no        no            yes     yes     yes   no    no
admin        yes    yes   yes     yes  no   no        yes           yes     no      yes   no    yes
auditor      no     no    no      no   no   no        no            no      no      yes   yes   no
"""
EXPECTED = {
    (Role(line.split()[0]), act): mark == "yes"
    for line in MATRIX.strip().splitlines()
    for act, mark in zip(Act, line.split()[1:], strict=True)
}


def actor(*grants: Grant, routes: tuple[Route, ...] = ROUTES) -> Actor:
    return Actor(account_id="a", username="u", display_name="U", grants=grants, routes=routes)


@pytest.mark.parametrize(("role", "act"), list(product(Role, Act)))
def test_a_role_allows_an_act_everywhere_it_is_held_and_nowhere_else(role: Role, act: Act) -> None:
    allowed = EXPECTED[role, act]
    at_site = actor(Grant(role=role, site_id="township"))
    everywhere = actor(Grant(role=role))
    in_group = actor(Grant(role=role, reading_group_id="bones"))
    assert at_site.scope(act) == Scope(site_ids=frozenset({"township"} if allowed else ()))
    assert everywhere.scope(act) == Scope(everything=allowed)
    assert in_group.scope(act) == Scope(site_modalities=frozenset({("township", "DX")} if allowed else ()))
    assert {at_site.may(act), everywhere.may(act), in_group.may(act)} == {allowed}


def test_the_matrix_names_every_role_and_act() -> None:
    assert set(EXPECTED) == set(product(Role, Act))
    assert set(ALLOWED) == set(Role)


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ((), Scope()),
        ((Grant(role=Role.READER, reading_group_id="unknown"),), Scope()),
        (
            (Grant(role=Role.READER, reading_group_id="heart"),),
            Scope(site_ids=frozenset({"station"}), site_modalities=frozenset({("township", "ECG")})),
        ),
        (
            (
                Grant(role=Role.READER, reading_group_id="heart"),
                Grant(role=Role.READER, reading_group_id="bones"),
            ),
            Scope(
                site_ids=frozenset({"station"}),
                site_modalities=frozenset({("township", "ECG"), ("township", "DX")}),
            ),
        ),
        (
            (Grant(role=Role.READER, reading_group_id="bones"), Grant(role=Role.CLINIC, site_id="other")),
            Scope(site_ids=frozenset({"other"}), site_modalities=frozenset({("township", "DX")})),
        ),
        ((Grant(role=Role.AUDITOR), Grant(role=Role.CLINIC, site_id="x")), Scope(site_ids=frozenset({"x"}))),
    ],
)
def test_grants_add_up_to_what_may_be_searched(grants: tuple[Grant, ...], expected: Scope) -> None:
    assert actor(*grants).scope(Act.SEARCH) == expected


def test_a_reader_without_a_route_sees_nothing() -> None:
    reader = actor(Grant(role=Role.READER, reading_group_id="heart"), routes=())
    assert reader.scope(Act.READ).is_empty
    assert not reader.may(Act.READ)


@pytest.mark.parametrize(
    ("scope", "site_id", "modalities", "covered"),
    [
        (Scope(), "a", {"US"}, False),
        (Scope(), "", set(), False),
        (Scope(everything=True), "a", set(), True),
        (Scope(site_ids=frozenset({"a"})), "a", set(), True),
        (Scope(site_ids=frozenset({"a"})), "b", {"US"}, False),
        (Scope(site_modalities=frozenset({("a", "US")})), "a", {"US"}, True),
        (Scope(site_modalities=frozenset({("a", "US")})), "a", {"SR", "US"}, True),
        (Scope(site_modalities=frozenset({("a", "US")})), "a", {"DX"}, False),
        (Scope(site_modalities=frozenset({("a", "US")})), "a", set(), False),
        (Scope(site_modalities=frozenset({("a", "US")})), "b", {"US"}, False),
        (Scope(site_modalities=frozenset({("a", "US"), ("b", "DX")})), "a", {"DX"}, False),
    ],
)
def test_a_scope_covers_a_study_by_its_site_or_by_one_routed_modality(
    scope: Scope, site_id: str, modalities: set[str], covered: bool
) -> None:
    assert scope.covers(site_id, frozenset(modalities)) is covered


@pytest.mark.parametrize(
    ("scope", "empty"),
    [
        (Scope(), True),
        (Scope(everything=True), False),
        (Scope(site_ids=frozenset({"a"})), False),
        (Scope(site_modalities=frozenset({("a", "US")})), False),
    ],
)
def test_an_empty_scope_says_so(scope: Scope, empty: bool) -> None:
    assert scope.is_empty is empty


@pytest.mark.parametrize(
    ("scope", "site_id", "part"),
    [
        (Scope(), "a", Scope()),
        (Scope(everything=True), "a", Scope(site_ids=frozenset({"a"}))),
        (Scope(site_ids=frozenset({"a", "b"})), "a", Scope(site_ids=frozenset({"a"}))),
        (Scope(site_ids=frozenset({"b"})), "a", Scope()),
        (
            Scope(site_modalities=frozenset({("a", "US"), ("a", "DX"), ("b", "US")})),
            "a",
            Scope(site_modalities=frozenset({("a", "US"), ("a", "DX")})),
        ),
        (
            Scope(site_ids=frozenset({"b"}), site_modalities=frozenset({("a", "US")})),
            "a",
            Scope(site_modalities=frozenset({("a", "US")})),
        ),
        (
            Scope(site_ids=frozenset({"a"}), site_modalities=frozenset({("a", "US")})),
            "a",
            Scope(site_ids=frozenset({"a"})),
        ),
    ],
)
def test_a_scope_is_narrowed_to_a_site_and_never_widened(scope: Scope, site_id: str, part: Scope) -> None:
    assert scope.within(site_id) == part
    assert scope.within(site_id).within("elsewhere").is_empty
