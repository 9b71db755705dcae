"""The tables of CONFORMANCE.md (PS3.2), made from what the code does."""

from core import limits
from core.access import ALLOWED, Act
from core.errors import HubError
from imaging.transfer_syntaxes import DECODED, NOT_DECODED, Loss, named
from pacs_gateway.presentation import PREFERENCES, VERIFYING
from pacs_gateway.status import PROCESSING_FAILURE, STATUS_OF_ERROR, SUCCESS
from pacs_gateway.tls import CIPHERS
from pacs_gateway.transfer_syntaxes import TRANSFER_SYNTAXES, VIDEO
from storage.query import INSTANCE_KEYWORDS, SERIES_KEYWORDS, STUDY_KEYWORDS
from viewer_api.stow_answer import FAILURE_REASONS


def sop_classes_table() -> str:
    """Return the SOP Classes accepted by name, and which order of transfer syntaxes is theirs."""
    rows = ["| SOP Class | UID | Preference |", "|---|---|---|"]
    rows += [
        f"| {name} | {uid} | {preference.name} |"
        for preference in PREFERENCES
        for uid, name in preference.sop_classes.items()
    ]
    return "\n".join(rows)


def transfer_syntaxes_table() -> str:
    """Return each transfer syntax with its place in each order of preference."""
    orders = [preference for preference in PREFERENCES if preference is not VERIFYING]
    names = " | ".join(preference.name for preference in orders)
    rows = [f"| Transfer Syntax | UID | {names} |", "|---|---|" + "---|" * len(orders)]
    for uid, name in TRANSFER_SYNTAXES.items():
        places = " | ".join(_place(uid, preference.transfer_syntax_uids) for preference in orders)
        rows.append(f"| {name} | {uid} | {places} |")
    return "\n".join(rows)


def pixels_table() -> str:
    """Return what becomes of pixel data in each transfer syntax that is taken or known."""
    rows = ["| Transfer Syntax | Shown | Given decoded | Why not |", "|---|---|---|---|"]
    for uid in dict.fromkeys([*TRANSFER_SYNTAXES, *DECODED, *NOT_DECODED]):
        if uid in DECODED:
            loss = "without loss" if DECODED[uid] is Loss.NONE else "with the loss that it came with"
            rows.append(f"| {named(uid)} | yes | {loss} | |")
        else:
            why = "video: handed on in one piece" if uid in VIDEO else NOT_DECODED[uid]
            rows.append(f"| {named(uid)} | no | no | {why} |")
    return "\n".join(rows)


def statuses_table() -> str:
    """Return the answers to C-STORE and what each means to a device."""
    rows = [
        "| Status | Meaning |",
        "|---|---|",
        f"| {SUCCESS:04X} | Kept: blob and catalogue row are durable |",
    ]
    by_status: dict[int, list[str]] = {}
    for error, status in STATUS_OF_ERROR.items():
        by_status.setdefault(status, []).append((error.__doc__ or "").strip())
    by_status.setdefault(PROCESSING_FAILURE, []).append("Unexpected error in the hub; see its log.")
    rows += [f"| {status:04X} | {' / '.join(words)} |" for status, words in sorted(by_status.items())]
    return "\n".join(rows)


def limits_table() -> str:
    """Return every limit on what comes from outside."""
    rows = ["| Limit | Value |", "|---|---|"]
    rows += [
        f"| {name.replace('_', ' ').lower()} | {value:,} |"
        for name, value in vars(limits).items()
        if name.isupper() and name not in {"KIB", "MIB", "GIB"}
    ]
    return "\n".join(rows)


def tls_table() -> str:
    """Return the cipher suites of TLS 1.2."""
    return "\n".join(["| Cipher suite |", "|---|", *(f"| {cipher} |" for cipher in CIPHERS)])


def failure_reasons_table() -> str:
    """Return the Failure Reasons of STOW-RS and what each means to a client."""
    by_reason: dict[int, list[str]] = {}
    for error, reason in FAILURE_REASONS.items():
        words = "Unexpected error in the hub; see its log." if error is HubError else error.__doc__ or ""
        by_reason.setdefault(reason, []).append(" ".join(words.split()))
    rows = ["| Failure Reason | Meaning |", "|---|---|"]
    rows += [f"| {reason:04X} | {' / '.join(words)} |" for reason, words in sorted(by_reason.items())]
    return "\n".join(rows)


def matching_table() -> str:
    """Return the attributes that searches match at each level."""
    rows = ["| Level | Attributes matched |", "|---|---|"]
    for level, keywords in (
        ("study", STUDY_KEYWORDS),
        ("series, besides", SERIES_KEYWORDS),
        ("instance, besides", INSTANCE_KEYWORDS),
    ):
        rows.append(f"| {level} | {', '.join(sorted(keywords))} |")
    return "\n".join(rows)


def roles_table() -> str:
    """Return what each role may do."""
    rows = ["| Role | " + " | ".join(act.value for act in Act) + " |", "|---|" + "---|" * len(Act)]
    for role, acts in ALLOWED.items():
        rows.append(f"| {role.value} | " + " | ".join("yes" if act in acts else "" for act in Act) + " |")
    return "\n".join(rows)


def _place(uid: str, order: tuple[str, ...]) -> str:
    return str(order.index(uid) + 1) if uid in order else ""
