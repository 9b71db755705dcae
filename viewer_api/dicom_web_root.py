"""The roots of DICOMweb: one for each site, and the union of all that an actor may see (PS3.18 10.1).

Addresses inside answers are always those of a site: only there is a UID unique.
"""

import re
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Path, Request

from core.access import Act, Actor, Scope
from core.errors import InvalidRequest, NotAuthenticated, NotFound, NotPermitted, PasswordChangeRequired
from core.networks import is_loopback
from core.uids import MAXIMUM_UID_LENGTH
from renditions.child_messages import Task
from renditions.decoding_tasks import jpeg_ls_of, native_frame_of
from renditions.frame_image import FrameImage
from renditions.metadata import Document, documents_of
from renditions.rendition import RenditionKind
from renditions.stored_frames import StoredFrames
from renditions.transcoding import in_explicit_little_endian, in_jpeg_ls, may_be_in_jpeg_ls
from storage.instance import Instance
from viewer_api.access_log import AccessLog
from viewer_api.authentication import SignedIn
from viewer_api.places import DECODING
from viewer_api.problems import SeveralSites, documented
from viewer_api.rooms import InRooms, Rooms, http_settings_of

Answer = TypeVar("Answer")

PREFIX: Final = "/dicom-web"
SITE_ID: Final = "[a-z0-9-]{1,32}"
SITE_PREFIX: Final = "/dicom-web/sites/{site_id}"
_HOST: Final = re.compile(r"[\w.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?", re.ASCII)
_DEFAULT_PORTS: Final = frozenset({None, 80, 443})
_EXAMPLE_UID: Final = "2.25.329800735698586629295641978511506172918"

UID = Annotated[
    str,
    Path(pattern=rf"^[0-9.]{{1,{MAXIMUM_UID_LENGTH}}}$", description="A UID.", examples=[_EXAMPLE_UID]),
]

ROOT_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = documented(
    InvalidRequest, NotAuthenticated, NotPermitted, PasswordChangeRequired, NotFound
)


@dataclass(frozen=True, kw_only=True)
class Root:
    """Where a request came in: whose, with what in reach, and how addresses begin there."""

    actor: Actor
    scope: Scope
    site_id: str | None
    base_url: str

    def at(self, site_id: str) -> "Root":
        """Return the part of this root that lies at one site; raises NotFound where none does."""
        scope = self.scope.within(site_id)
        if scope.is_empty:
            raise NotFound
        return replace(self, scope=scope, site_id=site_id)

    def url(self, site_id: str, study: str, series: str | None = None, instance: str | None = None) -> str:
        """Return the address of a study, series or instance, under its own site."""
        url = f"{self.base_url}{PREFIX}/sites/{site_id}/studies/{study}"
        url += f"/series/{series}" if series else ""
        return url + (f"/instances/{instance}" if instance else "")

    def url_of(self, instance: Instance) -> str:
        """Return the address of an instance."""
        return self.url(
            instance.site_id,
            instance.study_instance_uid,
            instance.series_instance_uid,
            instance.sop_instance_uid,
        )


def root_for(act: Act) -> Callable[..., Root]:
    """Return a dependency that lets in who may do `act` here.

    It raises NotFound for a site out of the actor's sight, NotPermitted where only the act is not allowed.
    """

    def root(request: Request, rooms: InRooms, actor: SignedIn) -> Root:
        site_id = request.path_params.get("site_id")
        scope = actor.scope(act)
        if site_id is not None:
            _require_in_sight(rooms, actor, site_id)
            scope = scope.within(site_id)
        if scope.is_empty:
            raise NotPermitted
        return Root(actor=actor, scope=scope, site_id=site_id, base_url=_base_url(request))

    return root


search_root: Final = root_for(Act.SEARCH)
SearchRoot = Annotated[Root, Depends(search_root)]
StoreRoot = Annotated[Root, Depends(root_for(Act.STORE))]


def named_site(
    site_id: Annotated[str, Path(pattern=f"^{SITE_ID}$", description="A site.", examples=["xinglong"])],
) -> None:
    """Describe the part of the address that `root_for` reads."""


class Retrieval:
    """Finds what is to be given out, and has it written down who asked."""

    def __init__(self, root: Root, rooms: Rooms) -> None:
        self.root = root
        self.archive = rooms.archive
        self._database = rooms.database
        self._decoders = rooms.decoders
        self.pictures = rooms.pictures
        self._access_log = AccessLog(rooms.database, rooms.clock)

    def instances(self, study: str, series: str | None = None, instance: str | None = None) -> list[Instance]:
        """Return the instances of a study or series, or the one.

        Raises:
            NotFound: the actor sees nothing of the kind.
            SeveralSites: at the union root, two sites hold it.
        """
        found = self.archive.instances_of(study, series, instance, visible_to=self.root.scope)
        site_ids = {each.site_id for each in found}
        if len(site_ids) > 1:
            raise SeveralSites("Several sites hold this: use the root of one of them.", site_ids)
        self._access_log.note(self.root.actor, found[0].site_id, study)
        return found

    def instance(self, study: str, series: str, instance: str) -> Instance:
        """Return one instance; raises as `instances` does."""
        return self.instances(study, series, instance)[0]

    def frames(self, instance: Instance, *, first: int = 1) -> StoredFrames:
        """Return the frames of an instance that was found; raises as they do."""
        return StoredFrames(self.archive, self._database, instance, first=first)

    def decoded(self, image: FrameImage, task: Task, *arguments: Any) -> bytes:
        """Return what a task makes of a frame, in a child. Raises UnsupportedTransferSyntax."""
        [made] = self._decoders.run(task, image, *arguments, allowance=image.allowance())
        return made

    def may_be_in_jpeg_ls(self, instance: Instance) -> bool:
        """Whether an instance that came otherwise can be given in JPEG-LS, by what it says of itself."""
        return may_be_in_jpeg_ls(instance, self.frames)

    def in_jpeg_ls(self, instance: Instance) -> Iterator[bytes]:
        """Yield an instance as a file in JPEG-LS Lossless."""

        def coded_frame(frames: StoredFrames, number: int) -> bytes:
            kept = self.pictures.kept(instance, RenditionKind.LOSSLESS) if number == 1 else None
            if kept is not None:
                return kept
            with DECODING.taken():
                return self.decoded(frames.image(number), jpeg_ls_of)

        return in_jpeg_ls(self.archive, instance, self.frames, coded_frame)

    def in_explicit_little_endian(self, instance: Instance) -> Iterator[bytes]:
        """Yield an instance as a file in Explicit VR Little Endian."""

        def native_frame(image: FrameImage) -> list[bytes]:
            with DECODING.taken():
                return self._decoders.run(native_frame_of, image, allowance=image.allowance())

        return in_explicit_little_endian(self.archive, instance, self.frames, native_frame)

    def recalled(
        self,
        key: Hashable,
        ask: Callable[[], Answer],
        *,
        on: Collection[str] | None,
        weigh: Callable[[Answer], int],
    ) -> Answer:
        """Return what was answered before under this key, unless what it depends `on` has changed since."""
        return self._database.recalled(key, ask, on=on, weigh=weigh)

    def documents(self, instances: Sequence[Instance]) -> Iterator[Document]:
        """Yield the metadata of instances that were found, in their order."""
        return documents_of(self.archive, self._database, instances)


def _retrieval(root: SearchRoot, rooms: InRooms) -> Retrieval:
    return Retrieval(root, rooms)


InRetrieval = Annotated[Retrieval, Depends(_retrieval)]


def accept_of(request: Request) -> str:
    """Return what the client accepts: the query parameter goes before the header (PS3.18 8.3.3.1)."""
    return ", ".join(request.query_params.getlist("accept") or request.headers.getlist("accept"))


def _require_in_sight(rooms: Rooms, actor: Actor, site_id: str) -> None:
    """Raise NotFound for a site where the actor may do nothing at all, as for one that does not exist."""
    if all(actor.scope(act).within(site_id).is_empty for act in Act):
        raise NotFound
    rooms.directory.site(site_id)


def _base_url(request: Request) -> str:
    """Return how the client reached us; a Host header that is no host is not repeated in an answer."""
    public_url = http_settings_of(request).public_url
    if public_url is not None:
        return public_url
    host = request.headers.get("host", "")
    name, port = request.scope.get("server") or ("localhost", None)
    if not _HOST.fullmatch(host):
        host = name
    # Some clients leave the port out of Host; on this machine itself no proxy can have moved it.
    if is_loopback(host) and port not in _DEFAULT_PORTS:
        host = f"{host}:{port}"
    return f"{request.url.scheme}://{host}"
