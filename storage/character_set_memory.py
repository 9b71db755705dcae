"""Decides how the text of each source is read, once, and remembers it: for every room that decodes text.

The first instance whose text is certain decides for its device and label; from then on that holds for names
too short to tell by themselves. An administrator may set something else, which holds until they change it.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Final

from core.access import Act, Actor, Scope, at_site
from core.clock import Clock
from core.errors import InvalidRequest, NotFound
from core.limits import SEARCH_LIMIT
from core.origin import Origin
from core.uids import new_key
from database.audit import AuditEvent, AuditRecord, append_audit
from database.engine import Database
from storage.character_set_decision import HUB, TRUSTED, CharacterSetDecision, TextSource
from storage.character_set_records import (
    add_decision,
    find_decision,
    has_sent,
    list_decisions,
    replace_decision,
)
from storage.character_sets import LONGEST_LABEL, READABLE_AS, CharacterSets, character_sets, label_of
from storage.instance import Instance
from storage.instance_header import InstanceHeader
from storage.rereading import ask_to_reread

ACTION: Final = "set character set"


class CharacterSetMemory:
    """What is known about how sources write their text."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def sets_of(self, source: TextSource, declared: str) -> CharacterSets:
        """Return how to decode what a source declares as `declared`: the one place that says so."""
        sets = character_sets(declared)
        if source.origin_kind in TRUSTED:
            return sets
        with self._database.read(within=at_site(source.site_id)) as connection:
            decision = find_decision(connection, source, label_of(declared))
        return sets if decision is None else sets.read_as(decision.reading)

    def reader_of(self, instance: Instance) -> Callable[[str], CharacterSets]:
        """Return `sets_of` for the text inside one instance."""
        source = TextSource(
            site_id=instance.site_id, origin_kind=instance.origin_kind, source=instance.source
        )
        return cache(partial(self.sets_of, source))

    def read(self, header: InstanceHeader, origin: Origin) -> InstanceHeader:
        """Return the header of an instance that arrives, its text read as is right for who sent it."""
        if origin.kind in TRUSTED or header.is_plain:
            return header
        source = TextSource.of(origin)
        with self._database.read(within=at_site(source.site_id)) as connection:
            decision = find_decision(connection, source, header.label)
        decision = decision or self._decide(header, source)
        return header if decision is None else header.read_as(decision.reading)

    def decisions(
        self, visible_to: Scope, *, source: str | None = None, limit: int = SEARCH_LIMIT, offset: int = 0
    ) -> list[CharacterSetDecision]:
        """Return what is remembered within a scope, all or about one source."""
        with self._database.read(within=visible_to) as connection:
            return list_decisions(connection, visible_to, source=source, limit=limit, offset=offset)

    def set(
        self, source: TextSource, declared: str, encoding: str, *, by: Actor, is_registered: bool = False
    ) -> CharacterSetDecision:
        """Say how text under a label of a source is read from now on, and have what is held read anew.

        Raises:
            NotFound: the source is not within reach, or neither registered nor known by what it sent.
            InvalidRequest: there is no such encoding to read by.
        """
        if not by.scope(Act.ADMINISTER).covers(source.site_id, frozenset()):
            raise NotFound
        return self.set_by_administrator(
            source, declared, encoding, username=by.username, is_registered=is_registered
        )

    def set_by_administrator(
        self, source: TextSource, declared: str, encoding: str, *, username: str, is_registered: bool = False
    ) -> CharacterSetDecision:
        """The same, for whoever may do all: the command line. Raises NotFound, InvalidRequest."""
        if encoding not in READABLE_AS:
            raise InvalidRequest(f"Text can be read as {', '.join(READABLE_AS)}.")
        if len(declared) > LONGEST_LABEL:
            raise InvalidRequest(f"A label has at most {LONGEST_LABEL} characters.")
        decision = CharacterSetDecision(
            decision_id=new_key(self._clock.now()),
            **vars(source),
            declared=label_of(declared),
            encoding=encoding,
            decided_by=username,
            is_set_by_person=True,
            texts=0,
            characters=0,
            decided_at=self._clock.now(),
        )
        return self._write(decision, is_registered=is_registered)

    def _write(self, decision: CharacterSetDecision, *, is_registered: bool) -> CharacterSetDecision:
        source = source_of(decision)
        with self._database.write(within=at_site(source.site_id)) as connection:
            if not replace_decision(connection, decision):
                if not is_registered and not has_sent(connection, source):
                    raise NotFound
                if not add_decision(connection, decision):
                    replace_decision(connection, decision)  # the hub decided at the same moment
            append_audit(
                connection,
                AuditRecord(
                    at=decision.decided_at,
                    event=AuditEvent.PATIENT_RECORD,
                    action=ACTION,
                    actor=decision.decided_by,
                    site_id=decision.site_id,
                    subject=decision.source,
                ),
            )
            ask_to_reread(connection, source, decision.declared, now=decision.decided_at)
            kept = find_decision(connection, source, decision.declared)
        return kept or decision

    def _decide(self, header: InstanceHeader, source: TextSource) -> CharacterSetDecision | None:
        """Remember what an instance's text is certain about; what came before it in doubt is read anew."""
        evidence = header.text_evidence
        if evidence.encoding is None:
            return None
        now = self._clock.now()
        decision = CharacterSetDecision(
            decision_id=new_key(now),
            **vars(source),
            declared=header.label,
            encoding=evidence.encoding.value,
            decided_by=HUB,
            is_set_by_person=False,
            texts=evidence.texts,
            characters=evidence.characters,
            decided_at=now,
        )
        with self._database.write(within=at_site(source.site_id)) as connection:
            if not add_decision(connection, decision):
                return find_decision(connection, source, header.label)
            ask_to_reread(connection, source, decision.declared, now=now)
        return decision


def source_of(decision: CharacterSetDecision) -> TextSource:
    """Return the source that a decision is about."""
    return TextSource(site_id=decision.site_id, origin_kind=decision.origin_kind, source=decision.source)
