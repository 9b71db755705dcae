"""The query string of a search (PS3.18 8.3.4): attributes to match, page, and what is asked for beyond."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query, Request
from pydicom.datadict import keyword_for_tag

from core.errors import InvalidQuery
from core.limits import SEARCH_COUNT_LIMIT, SEARCH_LIMIT, SEARCH_READ_LIMIT
from storage import query as matching
from storage.query import KEYWORDS, UID_KEYWORDS, Level, Match, UIDList, parse_match
from viewer_api.included_fields import ATTRIBUTES_NAMED, DEEPEST, IncludedFields, tag_of_step
from viewer_api.parameters import plain_text

Found = TypeVar("Found")

LARGEST_OFFSET: Final = 2**31 - 1
ATTRIBUTES_WARNED: Final = 20
_NOT_ATTRIBUTES: Final = frozenset(
    {
        "limit",
        "offset",
        "fuzzymatching",
        "includefield",
        "emptyvaluematching",
        "multiplevaluematching",
        "accept",
        "charset",
    }
)

_NO_FUZZY_MATCHING: Final = (
    "The fuzzymatching parameter is supported for PatientName only. Only literal matching has been performed."
)
_UNKNOWN_FIELD: Final = "An attribute to include is not known, so not given."
_UNKNOWN_PARAMETER: Final = "A parameter is neither an attribute nor one of a search's own, so ignored."

_Limit = Annotated[int | None, Query(ge=0, description=f"Results wanted, at most {SEARCH_LIMIT}.")]
_Offset = Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="Results to leave out at the start.")]
_FuzzyMatching = Annotated[
    bool,
    Query(description="Find PatientName by beginnings of its parts, in any order, in characters or pinyin."),
]
_EmptyValueMatching = Annotated[
    bool, Query(description='Let `""` match what has no value (PS3.4 C.2.2.2.7).')
]
_MultipleValueMatching = Annotated[
    bool,
    Query(description="Let several values ask for what has them all: `CT\\PT` (PS3.4 C.2.2.2.8)."),
]
_IncludeField = Annotated[
    list[str] | None,
    Query(
        max_length=ATTRIBUTES_NAMED,
        description="Attributes wanted beside those that are always given: keywords, tags, or `all`; those in"
        " sequences by steps parted by dots. What the catalogue does not know is read from the instances,"
        f" for at most {SEARCH_READ_LIMIT} results at once.",
    ),
]


class Search:
    """One search as it was asked for; `warnings` is what the client has to be told beside the results.

    `total` is how many match in all, None where that was not counted.
    """

    def __init__(
        self,
        request: Request,
        limit: _Limit = None,
        offset: _Offset = 0,
        fuzzymatching: _FuzzyMatching = False,
        emptyvaluematching: _EmptyValueMatching = False,
        multiplevaluematching: _MultipleValueMatching = False,
        includefield: _IncludeField = None,
    ) -> None:
        """Read the query string. Raises InvalidQuery."""
        self.warnings: list[str] = []
        self.total: int | None = None
        self.fields = IncludedFields(includefield or [])
        self._limit = SEARCH_LIMIT if limit is None else min(limit, SEARCH_LIMIT)
        self._offset = offset
        if self.fields.has_unknown:
            self.warnings.append(_UNKNOWN_FIELD)
        self._texts = self._read_texts(request.query_params.multi_items())
        self._empty_values = emptyvaluematching
        self._multiple_values = multiplevaluematching
        self._is_fuzzy = fuzzymatching
        if fuzzymatching and not self._texts.get("PatientName"):
            self.warnings.append(_NO_FUZZY_MATCHING)

    def query(self, level: Level, **uids: str) -> matching.Query:
        """Return what to ask of the archive at a level; `uids` are those of the path, by keyword.

        One result more than wanted is asked for, to know whether there are more. Raises InvalidQuery.
        """
        conditions: dict[str, Match] = {}
        for keyword in self._texts.keys() & KEYWORDS[level]:
            text = plain_text(self._texts[keyword])
            match = parse_match(
                keyword, text, empty_values=self._empty_values, multiple_values=self._multiple_values
            )
            if match is not None:
                conditions[keyword] = match
        # PS3.4 C.2.2.1.3: a key that is not supported is ignored for matching.
        if ignored := sorted(self._texts.keys() - KEYWORDS[level])[:ATTRIBUTES_WARNED]:
            self.warnings.append(f"Not matched here, so ignored: {', '.join(ignored)}.")
        return matching.Query(
            conditions=conditions | {keyword: UIDList((uid,)) for keyword, uid in uids.items()},
            is_fuzzy=self._is_fuzzy,
            combines_date_and_time=True,
            limit=self._limit + 1,
            offset=self._offset,
        )

    def page(
        self, found: Sequence[Found], count: Callable[[], int], *, at_most: int = SEARCH_LIMIT
    ) -> Sequence[Found]:
        """Return what is to be answered of the results of `query`, and note how many there are besides.

        `count` says how many match in all, SEARCH_COUNT_LIMIT + 1 where there are more than that limit.
        """
        shown = found[: min(self._limit, at_most)]
        is_last = len(found) == len(shown) and (found or not self._offset)
        counted = self._offset + len(found) if is_last else count()
        if counted <= SEARCH_COUNT_LIMIT:
            self.total = counted
        # 8.3.4.4.1, also where it was the client who set the limit.
        if (remaining := counted - self._offset - len(shown)) > 0:
            more = "" if counted <= SEARCH_COUNT_LIMIT else "more than "
            number = remaining if counted <= SEARCH_COUNT_LIMIT else remaining - 1
            self.warnings.append(f"There are {more}{number} additional results that can be requested")
        return shown

    def _read_texts(self, parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
        texts: dict[str, str] = {}
        has_unknown = False
        for name, text in parameters:
            if name in _NOT_ATTRIBUTES:
                continue
            keyword = _keyword_of(name)
            if keyword is None:
                has_unknown = True
            elif keyword not in texts:
                texts[keyword] = text
            elif keyword in UID_KEYWORDS:
                texts[keyword] += f",{text}"
            else:
                raise InvalidQuery(f"{keyword} is asked for twice.")
        if has_unknown:
            # PS3.18 8.3: parameters that are not supported are ignored.
            self.warnings.append(_UNKNOWN_PARAMETER)
        return texts


def _keyword_of(name: str) -> str | None:
    """Return the keyword of a parameter's attribute: PatientName, 00100010, or steps parted by dots.

    One without a keyword is its own tag; None where the parameter is no attribute.
    """
    steps = name.split(".")[: DEEPEST + 1]
    keywords = [
        keyword_for_tag(tag) or f"{tag:08X}" for step in steps if (tag := tag_of_step(step)) is not None
    ]
    return ".".join(keywords) if len(keywords) == len(steps) <= DEEPEST else None
