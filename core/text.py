"""Texts that people write: which of them can be kept as they are."""

from core.errors import InvalidRequest

LONGEST_REASON = 2_000
"""Characters of what a person gives as a reason for a decision."""


def require_reason(reason: str, *, at_most: int = LONGEST_REASON) -> str:
    """Return the reason without surrounding blanks. Raises InvalidRequest unless there is one to keep."""
    if not reason.strip() or len(reason) > at_most or not can_be_kept(reason):
        raise InvalidRequest(f"Say why, in at most {at_most} characters.")
    return reason.strip()


def can_be_kept(text: str) -> bool:
    """Whether a database and UTF-8 take the text whole: no NUL, and no half of a surrogate pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def escaped(text: str) -> str:
    """Return a text with its control characters, and all else that does not print, as \\x0d or \\u202e."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
