"""The SQL of uploads."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, true, update

from core.access import Scope
from core.errors import NotFound
from storage.tables import upload_files, upload_parts, uploads
from storage.upload import OPEN_STATES, FileState, Upload, UploadFile

_OPEN = [state.value for state in OPEN_STATES]
_KEPT = [FileState.STORED.value, FileState.HELD_ALREADY.value]


def insert_upload(connection: Connection, values: dict[str, Any], files: Sequence[UploadFile]) -> None:
    """Write a new upload with its files."""
    connection.execute(insert(uploads), values)
    insert_files(connection, values["upload_id"], files)


def insert_files(connection: Connection, upload_id: str, files: Sequence[UploadFile]) -> None:
    """Write further files of an upload."""
    if files:
        rows = [vars(file) | {"upload_id": upload_id, "state": file.state.value} for file in files]
        connection.execute(insert(upload_files), rows)


def open_uploads(connection: Connection, site_id: str) -> int:
    """Return how many unfinished uploads a site has."""
    counted = select(func.count()).select_from(uploads).filter_by(site_id=site_id, finished_at=None)
    return int(connection.execute(counted).scalar_one())


def held_digests(connection: Connection, site_id: str, digests: Collection[str]) -> set[str]:
    """Return those SHA-256 of whole files that came to a site before and are kept."""
    if not digests:
        return set()
    rows = connection.scalars(
        select(upload_files.c.sha256)
        .join(uploads, uploads.c.upload_id == upload_files.c.upload_id)
        .where(
            uploads.c.site_id == site_id,
            upload_files.c.sha256.in_(digests),
            upload_files.c.state.in_(_KEPT),
        )
    )
    return set(rows)


def uploads_within(
    connection: Connection, scope: Scope, *, site_id: str | None, limit: int, offset: int
) -> list[Upload]:
    """Return the uploads in scope, newest first."""
    wanted = _in_scope(scope)
    if site_id is not None:
        wanted = wanted & (uploads.c.site_id == site_id)
    rows = connection.execute(
        select(uploads).where(wanted).order_by(uploads.c.upload_id.desc()).limit(limit).offset(offset)
    ).mappings()
    return _uploads(connection, [dict(row) for row in rows])


def find_upload(connection: Connection, upload_id: str, scope: Scope) -> Upload:
    """Return one upload in scope. Raises NotFound."""
    row = (
        connection.execute(select(uploads).where(uploads.c.upload_id == upload_id, _in_scope(scope)))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound
    return _uploads(connection, [dict(row)])[0]


def files_of(connection: Connection, upload_id: str, *, limit: int, offset: int) -> list[UploadFile]:
    """Return the files of an upload in their order."""
    rows = connection.execute(
        select(upload_files)
        .filter_by(upload_id=upload_id)
        .order_by(upload_files.c.number)
        .limit(limit)
        .offset(offset)
    ).mappings()
    return [_file(row) for row in rows]


def find_file(connection: Connection, upload_id: str, number: int) -> UploadFile:
    """Return one file of an upload. Raises NotFound."""
    row = (
        connection.execute(select(upload_files).filter_by(upload_id=upload_id, number=number))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound
    return _file(row)


def files_named_like(connection: Connection, upload_id: str, name: str) -> list[UploadFile]:
    """Return the files of an upload that are named like one but for their ending, it among them."""
    stem, dot, _ = name.rpartition(".")
    if not dot:
        return []
    rows = connection.execute(
        select(upload_files)
        .where(
            upload_files.c.upload_id == upload_id,
            upload_files.c.inside_of.is_(None),
            upload_files.c.name.startswith(f"{stem}.", autoescape=True),
        )
        .order_by(upload_files.c.number)
    ).mappings()
    return [_file(row) for row in rows if row["name"].rpartition(".")[0] == stem]


def keep_whole(connection: Connection, upload_id: str, number: int, *, size: int, blob_key: str) -> None:
    """Note where a file lies that has come whole."""
    values = {"upload_id": upload_id, "number": number, "first_byte": 0, "size": size, "blob_key": blob_key}
    connection.execute(insert(upload_parts), values)


def add_part(
    connection: Connection, upload_id: str, number: int, *, first_byte: int, size: int, blob_key: str
) -> bool:
    """Note that a piece has come; False when another one began at the same byte."""
    moved = connection.execute(
        update(upload_files)
        .filter_by(upload_id=upload_id, number=number, received=first_byte, state=FileState.WAITING.value)
        .values(received=first_byte + size)
    )
    if moved.rowcount:
        connection.execute(
            insert(upload_parts),
            {
                "upload_id": upload_id,
                "number": number,
                "first_byte": first_byte,
                "size": size,
                "blob_key": blob_key,
            },
        )
    return bool(moved.rowcount)


def parts_of(connection: Connection, upload_id: str, number: int | None = None) -> list[str]:
    """Return the blobs of a file's pieces in their order, or those of all files."""
    statement = select(upload_parts.c.blob_key).filter_by(upload_id=upload_id)
    if number is not None:
        statement = statement.filter_by(number=number)
    return list(connection.scalars(statement.order_by(upload_parts.c.number, upload_parts.c.first_byte)))


def forget_parts(connection: Connection, upload_id: str, number: int | None = None) -> None:
    """Forget pieces that are not needed any more; the sweep or the caller removes their blobs."""
    statement = delete(upload_parts).filter_by(upload_id=upload_id)
    connection.execute(statement if number is None else statement.filter_by(number=number))


def settle_file(connection: Connection, upload_id: str, number: int, **values: Any) -> None:
    """Write down what became of a file."""
    connection.execute(update(upload_files).filter_by(upload_id=upload_id, number=number).values(**values))


def touch(connection: Connection, upload_id: str, now: datetime) -> None:
    """Note that something came, and whether that was the last."""
    still_open = (
        select(func.count())
        .select_from(upload_files)
        .where(upload_files.c.upload_id == upload_id, upload_files.c.state.in_(_OPEN))
    )
    finished_at = None if connection.execute(still_open).scalar_one() else now
    connection.execute(
        update(uploads).filter_by(upload_id=upload_id).values(touched_at=now, finished_at=finished_at)
    )


def idle_uploads(connection: Connection, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Return (upload, site) of unfinished uploads to which nothing came since."""
    rows = connection.execute(
        select(uploads.c.upload_id, uploads.c.site_id)
        .where(uploads.c.finished_at.is_(None), uploads.c.touched_at < before)
        .limit(limit)
    )
    return [(row.upload_id, row.site_id) for row in rows]


def old_uploads(connection: Connection, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Return (upload, site) of finished uploads that nobody has to look up any more."""
    rows = connection.execute(
        select(uploads.c.upload_id, uploads.c.site_id).where(uploads.c.finished_at < before).limit(limit)
    )
    return [(row.upload_id, row.site_id) for row in rows]


def give_up(connection: Connection, upload_id: str) -> None:
    """Write down that the rest of an upload is not waited for."""
    connection.execute(
        update(upload_files)
        .where(upload_files.c.upload_id == upload_id, upload_files.c.state.in_(_OPEN))
        .values(state=FileState.GIVEN_UP.value)
    )


def delete_upload(connection: Connection, upload_id: str) -> None:
    """Remove an upload's rows; what it brought stays."""
    for table in (upload_parts, upload_files, uploads):
        connection.execute(delete(table).where(table.c.upload_id == upload_id))


def named_parts(connection: Connection, blob_keys: Collection[str]) -> set[str]:
    """Return those of the keys that hold a piece."""
    return set(
        connection.scalars(select(upload_parts.c.blob_key).where(upload_parts.c.blob_key.in_(blob_keys)))
    )


def outstanding_files(
    connection: Connection, study_instance_uids: Collection[str]
) -> dict[tuple[str, str], int]:
    """Return, for (site, study), how many files are still to come by uploads that bring this study alone."""
    brings = (
        select(uploads.c.upload_id)
        .join(upload_files, upload_files.c.upload_id == uploads.c.upload_id)
        .where(uploads.c.finished_at.is_(None), upload_files.c.study_instance_uid.in_(study_instance_uids))
        .distinct()
    )
    rows = connection.execute(select(uploads).where(uploads.c.upload_id.in_(brings))).mappings()
    expected: defaultdict[tuple[str, str], int] = defaultdict(int)
    for upload in _uploads(connection, [dict(row) for row in rows]):
        if len(upload.study_instance_uids) == 1:
            expected[upload.site_id, upload.study_instance_uids[0]] += upload.outstanding
    return dict(expected)


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    return true() if scope.everything else uploads.c.site_id.in_(scope.site_ids)


def _uploads(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[Upload]:
    upload_ids = [row["upload_id"] for row in rows]
    counted = connection.execute(
        select(
            upload_files.c.upload_id,
            upload_files.c.state,
            upload_files.c.study_instance_uid,
            func.count().label("files"),
            # What came inside a ZIP came with it.
            func.sum(upload_files.c.size).filter(upload_files.c.inside_of.is_(None)).label("size"),
            func.sum(upload_files.c.received).filter(upload_files.c.inside_of.is_(None)).label("received"),
        )
        .where(upload_files.c.upload_id.in_(upload_ids))
        .group_by(upload_files.c.upload_id, upload_files.c.state, upload_files.c.study_instance_uid)
    ).all()
    found = []
    for row in rows:
        own = [each for each in counted if each.upload_id == row["upload_id"]]
        states: defaultdict[FileState, int] = defaultdict(int)
        for each in own:
            states[FileState(each.state)] += each.files
        found.append(
            Upload(
                **row,
                states=dict(states),
                size=int(sum(each.size or 0 for each in own)),
                received=int(sum(each.received or 0 for each in own)),
                study_instance_uids=tuple(sorted({each.study_instance_uid for each in own} - {""})),
            )
        )
    return found


def _file(row: Any) -> UploadFile:
    values = {key: row[key] for key in UploadFile.__dataclass_fields__}
    return UploadFile(**values | {"state": FileState(values["state"])})
