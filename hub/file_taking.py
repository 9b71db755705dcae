"""Takes one file into a house, with those beside it that belong to it."""

from collections.abc import Mapping
from functools import partial

from core.origin import Origin
from hub.wiring import House
from storage.companion_files import companions_of
from storage.file_taking import Taken, take_file
from storage.zip_files import Opener


def take_opened(
    house: House, origin: Origin, name: str, opened: Opener, beside: Mapping[str, Opener]
) -> Taken:
    """Store what a file holds; raises as `take_file` does, and whatever opening and reading it raise."""
    with opened() as stream:
        return take_file(
            house.archive,
            stream,
            origin,
            house.clock,
            foreign=house.foreign,
            name=name,
            companions=partial(companions_of, name, beside),
        )
