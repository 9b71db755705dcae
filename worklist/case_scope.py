"""Which cases are in an actor's scope and reach, as conditions of SQL."""

from collections import defaultdict

from sqlalchemy import ColumnElement, and_, exists, false, or_, true

from core.access import ALLOWED, Act, Actor, Role, Scope
from worklist.tables import case_studies, cases, workitems
from worklist.workitem import ProcedureStepState, is_reader


def in_scope(scope: Scope) -> ColumnElement[bool]:
    """A case is in scope by its site, or by its site and the modalities of all its studies.

    Who reads a case reads all of it, so one study out of reach puts the whole case out of reach.
    """
    if scope.everything:
        return true()
    ways: list[ColumnElement[bool]] = [false()]
    if scope.site_ids:
        ways.append(cases.c.site_id.in_(scope.site_ids))
    # One condition for all sites of the same modalities: hundreds of sites would exceed what SQL may nest.
    for modalities, site_ids in sorted(_sites_by_modalities(scope).items()):
        beyond = exists().where(
            case_studies.c.case_id == cases.c.case_id, case_studies.c.modality.not_in(modalities)
        )
        ways.append(and_(cases.c.site_id.in_(site_ids), cases.c.modality.in_(modalities), ~beyond))
    return or_(*ways)


def _sites_by_modalities(scope: Scope) -> dict[tuple[str, ...], list[str]]:
    modalities: defaultdict[str, set[str]] = defaultdict(set)
    for site_id, modality in scope.site_modalities:
        modalities[site_id].add(modality)
    site_ids: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for site_id, routed in sorted(modalities.items()):
        site_ids[tuple(sorted(routed))].append(site_id)
    return site_ids


def in_reach(actor: Actor, act: Act) -> ColumnElement[bool]:
    """A case is in a reader's reach by scope, or because they hold it: no turn ends because a route does."""
    scope = in_scope(actor.scope(act))
    if act not in ALLOWED[Role.READER] or not is_reader(actor):
        return scope
    held = and_(
        workitems.c.procedure_step_state == ProcedureStepState.IN_PROGRESS.value,
        workitems.c.claimed_by == actor.account_id,
    )
    return or_(scope, held)


def in_reach_or_held_before(actor: Actor) -> ColumnElement[bool]:
    """A case may be read by an actor, or was theirs at some time: what they wrote there stays their own."""
    turns = workitems.alias("turns")
    held = exists().where(turns.c.case_id == cases.c.case_id, turns.c.claimed_by == actor.account_id)
    return or_(in_reach(actor, Act.READ), held)
