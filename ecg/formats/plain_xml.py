"""XML as carts write it: elements by their local names, never an entity expanded, and bounded in every way.

The encoding is what the bytes are, not what the first line says: carts declare UTF-16 and write UTF-8, or
declare UTF-8 and write GBK. Namespaces are left out, because half of the files forget to declare them.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from core.errors import InvalidInstance, TooLarge
from core.limits import ECG_OBJECT_LIMIT, ECG_XML_DEPTH, ECG_XML_ELEMENTS

_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]{0,300}\?>")
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,300}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BARE_AMPERSAND: Final = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,30});)")
_NO_CHARACTER: Final = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));"
)
_CHINESE: Final = {"gb2312", "gbk", "gb18030", "cp936", "gb_2312-80"}
_NOT_OF_BYTES: Final = {"utf-16", "utf-16le", "utf-16be", "utf16", "ucs-2", "unicode", "utf-32"}


@dataclass(slots=True)
class Element:
    """One element: attributes by local name, its own text without that of its children."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        """Return the descendants of this name, in the order of the file."""
        waiting = self.children[::-1]
        while waiting:
            element = waiting.pop()
            if element.name == name:
                yield element
            waiting.extend(element.children[::-1])

    def each(self, *path: str) -> Iterator["Element"]:
        """Return the elements at a path of children."""
        for child in self.children:
            if child.name == path[0]:
                if len(path) == 1:
                    yield child
                else:
                    yield from child.each(*path[1:])

    def at(self, *path: str) -> "Element | None":
        """Return the first element at a path of children."""
        return next(self.each(*path), None)

    def first(self, name: str) -> "Element | None":
        """Return the first descendant of this name."""
        return next(self.all(name), None)

    def said(self, *path: str) -> str:
        """Return the words at a path of children, empty where there are none."""
        found = self.at(*path) if path else self
        return " ".join(found.text.split()) if found else ""

    def attribute(self, name: str, *path: str) -> str:
        """Return an attribute of the element at a path of children, empty where there is none."""
        found = self.at(*path) if path else self
        return found.attributes.get(name, "").strip() if found else ""

    def words(self) -> str:
        """Return all text in and below this element, a space between what was apart."""
        parts = [self.text, *(child.words() for child in self.children)]
        return " ".join(" ".join(parts).split())


def parse(content: bytes) -> tuple[Element, tuple[str, ...]]:
    """Return the root of an XML file, and what was odd about its bytes.

    Raises InvalidInstance for what is no whole XML or names entities of its own, TooLarge beyond the limits.
    """
    if len(content) > ECG_OBJECT_LIMIT:
        raise TooLarge("This XML file is longer than an ECG may be.")
    text, oddities = decoded(content)
    if _CONTROLS.search(text):
        text = _CONTROLS.sub("", text)
        oddities.append("The XML holds control characters, which were left out.")
    text = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1).strip()
    try:
        return _Tree().read(text), tuple(oddities)
    except expat.ExpatError as error:
        mended = _NO_CHARACTER.sub("", _BARE_AMPERSAND.sub("&amp;", text))
        if mended != text:
            try:
                root = _Tree().read(mended)
            except expat.ExpatError:
                pass
            else:
                return root, (
                    *oddities,
                    "The XML holds bare ampersands or characters that are none; they were mended.",
                )
        raise InvalidInstance(f"This XML cannot be read: {error}.") from None


def decoded(content: bytes) -> tuple[str, list[str]]:
    """Return the characters of an XML file, and what was odd about their encoding."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _whole(content[len(mark) :], encoding)
    start = content[:4]
    if start[:2] == b"<\x00" or (start[1:2] == b"\x00" and start[:1].isspace()):
        return _whole(content, "utf-16-le")
    if start[:2] == b"\x00<":
        return _whole(content, "utf-16-be")
    found = _DECLARED.search(content[:1024])
    declared = found.group(1).decode("ascii").lower() if found else "utf-8"
    for encoding in dict.fromkeys((declared, "utf-8", "gb18030")):
        python = "gb18030" if encoding in _CHINESE else encoding
        if encoding in _NOT_OF_BYTES:
            continue
        try:
            text = content.decode(python)
        except (UnicodeError, LookupError):
            continue
        odd = [] if encoding == declared else [f"The XML says {declared}, but its text is {encoding}."]
        return text, odd
    return content.decode("latin-1"), [f"The XML says {declared}, which its text is not; read as Latin-1."]


def _whole(content: bytes, encoding: str) -> tuple[str, list[str]]:
    """Decode what its first bytes tell the encoding of; a damaged character is left out, and said."""
    try:
        return content.decode(encoding), []
    except UnicodeError:
        return content.decode(encoding, "replace"), [f"The text holds bytes that are no {encoding}."]


class _Tree:
    """Builds the elements while they are read, and stops where a limit is passed."""

    def __init__(self) -> None:
        self._root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._count = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.EntityDeclHandler = self._entity
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def read(self, text: str) -> Element:
        """Return the root element."""
        self._parser.Parse(text, True)
        if self._root is None:
            raise InvalidInstance("This XML holds no element.")
        return self._root

    def _entity(self, *_declaration: object) -> None:
        raise InvalidInstance("This XML declares entities of its own, which are never expanded here.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > ECG_XML_ELEMENTS or len(self._open) >= ECG_XML_DEPTH:
            raise TooLarge("This XML has more elements, or deeper ones, than an ECG needs.")
        local = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition(":")[2], local)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)
        self._texts.append([])

    def _end(self, _name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def _characters(self, characters: str) -> None:
        self._texts[-1].append(characters)
