"""The query string of a search (PS3.18 8.3.4): attributes to match, page, and what is asked for beyond."""

import re
from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query, Request
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from core.errors import InvalidQuery
from core.limits import SEARCH_LIMIT
from storage import query as matching
from storage.query import (
    INSTANCE_KEYWORDS,
    SERIES_KEYWORDS,
    STUDY_KEYWORDS,
    UID_KEYWORDS,
    Match,
    UIDList,
    parse_match,
)
from viewer_api.parameters import plain_text

Found = TypeVar("Found")

LARGEST_OFFSET: Final = 2**31 - 1
ATTRIBUTES_NAMED: Final = 200
ATTRIBUTES_WARNED: Final = 20
_MATCHED: Final = STUDY_KEYWORDS | SERIES_KEYWORDS | INSTANCE_KEYWORDS
_NOT_ATTRIBUTES: Final = frozenset({"limit", "offset", "fuzzymatching", "includefield", "accept", "charset"})
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)

_NO_FUZZY_MATCHING: Final = (
    "The fuzzymatching parameter is supported for PatientName only. Only literal matching has been performed."
)
_UNKNOWN_FIELD: Final = "An attribute to include is not known, so not given."
_MORE: Final = "There are additional results that can be requested with offset."

_Limit = Annotated[int | None, Query(ge=0, description=f"Results wanted, at most {SEARCH_LIMIT}.")]
_Offset = Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="Results to leave out at the start.")]
_FuzzyMatching = Annotated[
    bool,
    Query(description="Find PatientName by beginnings of its parts, in any order, in characters or pinyin."),
]
_IncludeField = Annotated[
    list[str] | None,
    Query(
        max_length=ATTRIBUTES_NAMED,
        description="Attributes wanted, or `all`; every attribute that a search knows is given anyway.",
    ),
]


class Search:
    """One search as it was asked for; `warnings` is what the client has to be told beside the results."""

    def __init__(
        self,
        request: Request,
        limit: _Limit = None,
        offset: _Offset = 0,
        fuzzymatching: _FuzzyMatching = False,
        includefield: _IncludeField = None,
    ) -> None:
        """Read the query string. Raises InvalidQuery."""
        self.warnings: list[str] = []
        self._limit = SEARCH_LIMIT if limit is None else min(limit, SEARCH_LIMIT)
        self._is_cut_by_us = limit is None or limit > SEARCH_LIMIT
        self._offset = offset
        if _unknown_field(includefield or []):
            self.warnings.append(_UNKNOWN_FIELD)
        self._conditions = self._read_conditions(request.query_params.multi_items())
        self._is_fuzzy = fuzzymatching
        if fuzzymatching and "PatientName" not in self._conditions:
            self.warnings.append(_NO_FUZZY_MATCHING)

    def query(self, **uids: str) -> matching.Query:
        """Return what to ask of the archive; `uids` are those of the path, by keyword.

        One result more than wanted is asked for, to know whether there are more.
        """
        named = {keyword: UIDList((uid,)) for keyword, uid in uids.items()}
        conditions = self._conditions | named
        return matching.Query(
            conditions=conditions, is_fuzzy=self._is_fuzzy, limit=self._limit + 1, offset=self._offset
        )

    def page(self, found: Sequence[Found]) -> Sequence[Found]:
        """Return what was wanted of the results of `query`."""
        if len(found) > self._limit and self._is_cut_by_us:
            self.warnings.append(_MORE)
        return found[: self._limit]

    def _read_conditions(self, parameters: Sequence[tuple[str, str]]) -> dict[str, Match]:
        texts: dict[str, str] = {}
        ignored: list[str] = []
        for name, text in parameters:
            if name in _NOT_ATTRIBUTES:
                continue
            keyword = _keyword_of(name)
            if keyword not in _MATCHED:
                ignored.append(keyword)
            elif keyword not in texts:
                texts[keyword] = text
            elif keyword in UID_KEYWORDS:
                texts[keyword] += f",{text}"
            else:
                raise InvalidQuery(f"{keyword} is asked for twice.")
        if ignored:
            # PS3.4 C.2.2.1.3: a key that is not supported is ignored for matching.
            named = ", ".join(sorted(set(ignored))[:ATTRIBUTES_WARNED])
            self.warnings.append(f"Not matched here, so ignored: {named}.")
        matches = {keyword: parse_match(keyword, plain_text(text)) for keyword, text in texts.items()}
        return {keyword: match for keyword, match in matches.items() if match is not None}


def _unknown_field(fields: Sequence[str]) -> bool:
    """Whether a field to include is no attribute. Raises InvalidQuery for more than there can be."""
    names = [name.strip() for field in fields for name in field.split(",")]
    if len(names) > ATTRIBUTES_NAMED:
        raise InvalidQuery("More attributes are named in includefield than there are.")
    return not all(name in {"all", ""} or _is_attribute(name) for name in names)


def _is_attribute(name: str) -> bool:
    try:
        _keyword_of(name)
    except InvalidQuery:
        return False
    return True


def _keyword_of(name: str) -> str:
    """Return the keyword of a parameter's attribute: PatientName, 00100010, or steps parted by dots.

    A private attribute, and one in a sequence, is its own name: neither is matched.
    """
    steps = name.split(".")
    keywords = [_keyword_of_step(step) for step in steps]
    return ".".join(keywords)


def _keyword_of_step(step: str) -> str:
    if tag_for_keyword(step) is not None:
        return step
    if _TAG.fullmatch(step):
        return keyword_for_tag(int(step, 16)) or step
    raise InvalidQuery("A parameter is neither an attribute nor one of a search's own.")
