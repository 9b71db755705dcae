"""What the feed's kinds mean, for a person who reads the timeline of a case."""

from typing import Final

from database.change_feed import ChangeKind

_WORDS: Final[dict[str, str]] = {
    "instance.stored": "An image or recording arrived.",
    "instance.conflict": "Another data set arrived under a UID that is held; both are kept.",
    "case.opened": "The case was opened.",
    "case.requested": "The clinic asked something about it.",
    "case.late-instances": "More images arrived after the report.",
    "workitem.created": "A turn at reading it began to wait.",
    "workitem.ready": "The study is whole enough to be read.",
    "workitem.claimed": "A reader took it.",
    "workitem.released": "The reader gave it back.",
    "workitem.lapsed": "The reader fell silent, and it went back on the list.",
    "workitem.taken-over": "A colleague took it over.",
    "workitem.awaits-retake": "The reader ended the turn, to wait for better images.",
    "retake.asked": "The reader asked for better images.",
    "retake.acknowledged": "The site has seen that better images are asked for.",
    "retake.answered": "Images came after better ones were asked for.",
    "retake.declined": "The site said why no better images will come.",
    "retake.withdrawn": "Better images are not asked for any more.",
    "workitem.completed": "The reading is done.",
    "marks.saved": "The reader drew into the images.",
    "report.preliminary": "A preliminary report was signed.",
    "report.signed": "The report was signed.",
    "report.addendum": "Something was added to the report.",
    "report.published": "The report was printed into the study.",
    "report.received": "The clinic received the report.",
    "report.confirmed": "The clinic confirmed that it has the report.",
}


def words_of(kind: ChangeKind) -> str:
    """Return a sentence; for a kind that has none yet, its name in words."""
    return _WORDS.get(kind.value, kind.value.replace(".", " ").replace("-", " ").capitalize() + ".")
