"""What a technician sends, and how it comes: folders and archives dropped at once, counted as they arrive."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.uids import new_uid
from storage.upload_intake import UploadIntake
from tests.ecg.formats.aecg_files import aecg, lead
from tests.fixtures.consultation import SITES, XINGLONG
from tests.viewer_api.stored import small
from tests.web.conftest import WebHub
from tests.web.test_send_and_clinic import ask, file_of, given, opened, patient_id_of, require_accessible

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")

SignIn = Callable[..., "Page"]
FILLED_IN = "form => Object.fromEntries(new FormData(form))"


def drop(page: "Page", *paths: Path) -> None:
    """Drop files and folders from the desktop onto the page, as the browser's own input."""
    box = page.locator(".drop").bounding_box()
    assert box is not None
    at = {"x": box["x"] + 20, "y": box["y"] + 20}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    line = page.context.new_cdp_session(page)
    for step in ("dragEnter", "dragOver", "drop"):
        line.send("Input.dispatchDragEvent", {"type": step, **at, "data": data})
    line.detach()


def test_a_folder_and_an_archive_are_dropped_at_once_and_what_is_known_is_not_sent_again(
    hub: WebHub, sign_in: SignIn, tmp_path: Path
) -> None:
    folder, archive = new_uid(), new_uid()
    inner = tmp_path / "CD" / "DICOM" / "深"
    inner.mkdir(parents=True)
    for number in (8, 9):
        (inner / f"IM{number}").write_bytes(file_of(folder, rows=number))
    (tmp_path / "CD" / "autorun.inf").write_bytes(b"[autorun]")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for number in (8, 9, 10):
            zipped.writestr(f"DICOM/IM{number}", file_of(archive, rows=number))
    (tmp_path / "PACS.zip").write_bytes(packed.getvalue())
    page = opened(sign_in, hub, "technician", "/send")
    page.locator(".drop").wait_for()
    drop(page, tmp_path / "CD", tmp_path / "PACS.zip")
    page.locator(".job", has_text="2 个已存").get_by_text(SITES[XINGLONG]).wait_for()
    page.locator(".job", has_text="略过 1 个文件").wait_for()
    page.get_by_text("已全部到达，正在解压…").wait_for()
    rooms = hub.consultation
    intake = UploadIntake(database=rooms.database, archive=rooms.archive, clock=rooms.clock)
    assert intake.unpack(), "what the worker does"
    page.locator(".job", has_text="3 个已存").wait_for()
    assert page.locator(".job").count() == 2, "one for each study: they go side by side"
    hub.consultation.take_in()
    for study, count in ((folder, 2), (archive, 3)):
        page.locator(".arrival", has_text=patient_id_of(study)).get_by_text(f"已收 {count}").wait_for()
    sent: list[str] = []
    page.on("request", lambda request: request.method == "PATCH" and sent.append(request.url))
    drop(page, tmp_path / "CD")
    page.locator(".job", has_text="2 个已有，无需重传").wait_for()
    assert sent == []


def test_what_comes_is_counted_of_what_was_announced(hub: WebHub, sign_in: SignIn) -> None:
    page = opened(sign_in, hub, "technician", "/send")
    study = new_uid()
    bodies = [file_of(study, rows=rows) for rows in (8, 9, 10)]
    announced = [{"name": f"IM{number}", "size": len(body)} for number, body in enumerate(bodies)]
    upload = {"site_id": XINGLONG, "files": announced}
    upload_id = ask(hub, "technician", "POST", "/uploads", json=upload)["upload_id"]
    piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    line = page.locator(".arrival", has_text=patient_id_of(study))
    for number, words in ((1, "已收 1 / 3"), (2, "已收 2 / 3"), (3, "已收 3 ")):
        path = f"/uploads/{upload_id}/files/{number}"
        ask(hub, "technician", "PATCH", path, content=bodies[number - 1], headers=piece)
        hub.consultation.take_in()
        line.get_by_text(words).wait_for()
        assert line.locator("[aria-current=step]").inner_text().startswith("● 已收")
    assert page.evaluate("window.isSame") is True


def test_an_ecg_file_without_an_id_is_marked_and_attached_as_typed_while_another_study_arrives(
    hub: WebHub, sign_in: SignIn
) -> None:
    leads = (lead(code=f"MDC_ECG_LEAD_{name}", digits="1 2 3 4 5 6 7 8" * 80) for name in ("I", "II"))
    body = aecg(*leads).replace('<id root="1.2.3" extension="P7"/>', "").encode()
    page = opened(sign_in, hub, "technician", "/send")
    page.locator("input[type=file]").first.set_input_files([given("心电.xml", body)])
    page.locator(".job", has_text="1 个已存").wait_for()
    hub.consultation.take_in()
    line = page.locator(".arrival", has_text="身份待确认")
    line.get_by_role("button", name="登记患者").press("Enter")
    form = page.get_by_role("dialog").locator("form")
    said = {"patient_id": "", "patient_name": "李明", "patient_sex": "F", "patient_birth_date": "1960-02-29"}
    assert form.evaluate(FILLED_IN) == said | {"reason": ""}
    for label, words in (("患者编号", "E-17"), ("姓名", "Li^Yun=李^运"), ("依据", "家属带来了身份证")):
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_label("性别").select_option("M")
    page.get_by_label("出生日期").fill("1961-02-03")
    require_accessible(page)
    typed = form.evaluate(FILLED_IN)
    assert not typed.items() & said.items(), "nothing is as the device said"
    [other] = hub.store([small()], PatientID="E-18")
    hub.consultation.take_in()
    page.locator(".arrival", has_text=other.PatientID).wait_for()
    assert form.evaluate(FILLED_IN) == typed
    page.get_by_role("dialog").get_by_role("button", name="登记患者").press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    hub.consultation.take_in()
    named = page.locator(".arrival", has_text="E-17")
    named.get_by_text("李运 (Li Yun)").wait_for()
    named.get_by_text("男 ").wait_for()
    assert named.get_by_text("身份待确认").count() == 0
    with page.expect_download() as download:
        named.get_by_role("link", name="原始文件").click()
    assert Path(download.value.path()).read_bytes() == body
