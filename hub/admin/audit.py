"""`imaging-hub admin audit`: who did what, and whether the record of it is whole."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.access import EVERY_SITE, Scope
from hub.admin.opening import Data, heading, opened_register
from hub.operator import operator

if TYPE_CHECKING:
    from hub.register import Register

app = typer.Typer(no_args_is_help=True, help="Who did what, and whether the record of it is whole.")
LONGEST_LIST = 10_000


@app.command("verify")
def verify_audit(
    site: Annotated[str | None, typer.Option(help="Only this site's chain.", show_default="all")] = None,
    anchor: Annotated[
        Path | None,
        typer.Option(help="Anchors: a file or a directory.", show_default="HUB_AUDIT_ANCHORS"),
    ] = None,
    data: Data = None,
) -> None:
    """Look for rows that were changed, deleted, put in, moved or cut off; exit status 1 where any was."""
    from database.audit_chain import verify
    from hub.audit_anchors import read_anchors

    with opened_register(data) as register:
        folder = anchor or register.settings.audit_anchors
        anchors = read_anchors(folder) if anchor or folder.exists() else {}
        verdict = verify(
            register.database,
            now=register.clock.now(),
            site_id=site,
            anchors=anchors,
            progress=lambda rows: typer.echo(f"{rows:,} rows read", err=True),
        )
        _record_use(register, "verify", site or "")
    for finding in verdict.findings:
        typer.echo(finding)
    if not anchors:
        typer.echo(f"There are no anchors in {folder}: an end that was cut off cannot be seen.")
    waiting = f" {verdict.unchained} more wait for their place." if verdict.unchained else ""
    if verdict.findings:
        typer.echo(f"{len(verdict.findings)} problems among {verdict.rows:,} rows.{waiting}")
        sys.exit(1)
    typer.echo(
        f"{verdict.rows:,} rows in {verdict.chains} chains are whole; {verdict.anchored} anchors fit."
        f"{waiting}"
    )


@app.command("show")
def show_audit(
    study: Annotated[str, typer.Option(help="Only what was done to this Study Instance UID.")] = "",
    actor: Annotated[str, typer.Option(help="Only what this user, device or process did.")] = "",
    site: Annotated[str | None, typer.Option(help="Only what belongs to this site.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only what was done since then (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LONGEST_LIST)] = 1_000,
    data: Data = None,
) -> None:
    """List what was done, oldest first: when, what, outcome, who, by which role, where, to which study."""
    from datetime import UTC

    from database.audit import AuditFilter, audit_within

    moment = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
    wanted = AuditFilter(site_id=site, study_instance_uid=study, actor=actor, since=moment)
    with opened_register(data) as register:
        _record_use(register, "show", site or "")
        heading(
            "number",
            "when (UTC)",
            "event",
            "action",
            "outcome",
            "who",
            "by",
            "site",
            "Study Instance UID",
            "about",
        )
        with register.database.read(within=EVERY_SITE) as connection:
            for number, record in audit_within(connection, wanted, Scope(everything=True), limit=limit):
                parts = (
                    str(number),
                    record.at.isoformat(timespec="seconds"),
                    record.event.value,
                    record.action,
                    record.outcome,
                    record.actor,
                    record.granted_by,
                    record.site_id,
                    record.study_instance_uid,
                    record.subject,
                )
                typer.echo("\t".join(parts))


def _record_use(register: "Register", action: str, site_id: str) -> None:
    """Looking at the record is itself on record."""
    from database.audit import AuditEvent, AuditRecord, append_audit

    with register.database.write(within=EVERY_SITE) as connection:
        append_audit(
            connection,
            AuditRecord(
                at=register.clock.now(),
                event=AuditEvent.AUDIT_LOG_USED,
                action=action,
                actor=operator(),
                site_id=site_id,
            ),
        )
