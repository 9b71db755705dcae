"""Both archives answer a question with the same content: otherwise their times say nothing of each other."""

import io
from collections.abc import Callable
from email.parser import BytesHeaderParser
from typing import Any, Final

import httpx2
from PIL import Image

from bench.load import NotMeasured, Target
from bench.questions import Question

_ANSWER_SECONDS: Final = 60


def require_agreement(question: Question, path: str, targets: tuple[Target, Target]) -> int:
    """Ask both once, compare what the answers hold, and return how many bytes the first one has.

    Raises:
        NotMeasured: they differ, or one is an error.
    """
    answers = [_ask(target, path, question.accept) for target in targets]
    first, second = (_CONTENTS[question.answered](answer) for answer in answers)
    if first != second or not first:
        names = " and ".join(target.name for target in targets)
        raise NotMeasured(f"{names} do not answer {question.name} with the same content.")
    return len(answers[0].content)


def _ask(target: Target, path: str, accept: str) -> httpx2.Response:
    answer = httpx2.get(
        f"{target.base_url}{target.root}{path}",
        headers=target.headers | {"Accept": accept},
        timeout=_ANSWER_SECONDS,
        trust_env=False,
    )
    if answer.status_code != httpx2.codes.OK:
        raise NotMeasured(f"{target.name} answers {path} with {answer.status_code}.")
    return answer


def _the_part(answer: httpx2.Response) -> bytes:
    """Return the one part of a multipart message."""
    message = BytesHeaderParser().parsebytes(
        f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    )
    boundary = str(message.get_param("boundary")).encode()
    payload = answer.content.split(b"--" + boundary)[1].partition(b"\r\n\r\n")[2]
    return payload.removesuffix(b"\r\n")


def _data_set(answer: httpx2.Response) -> bytes:
    """Return an instance without its preamble and File Meta, which each archive writes as its own."""
    file = _the_part(answer)
    length = int.from_bytes(file[140:144], "little")
    return file[144 + length :]


def _uids(tag: str) -> Callable[[httpx2.Response], Any]:
    return lambda answer: sorted(each[tag]["Value"][0] for each in answer.json())


def _size(answer: httpx2.Response) -> Any:
    with Image.open(io.BytesIO(answer.content)) as picture:
        return picture.format, picture.size


_CONTENTS: Final[dict[str, Callable[[httpx2.Response], Any]]] = {
    "frame": _the_part,
    "metadata": _uids("00080018"),
    "search": _uids("0020000D"),
    "search-anew": _uids("0020000D"),
    "rendered": _size,
    "rendered-anew": _size,
    "first-byte": _data_set,
}
"""What of an answer both have to have alike, by the question's name."""
