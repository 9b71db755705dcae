"""A reader's marks as lines: each kind as the viewer draws it, and only words that the caption has."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reporting.drawn_marks import as_svg, drawing, shown_value
from reporting.marks import Mark, MarkKind, MarkValue

MARK = Mark(
    mark_id="m",
    kind=MarkKind.LENGTH,
    sop_instance_uid="1.2.3",
    frame=1,
    points=((10.0, 20.0), (30.0, 40.0)),
)
IN_MM = (MarkValue(name="length", value=12.25, unit="mm"),)


def test_where_nothing_was_drawn_there_are_no_lines() -> None:
    assert drawing([], 100, 100, "") is None
    assert drawing([replace(MARK, kind=MarkKind.KEY_IMAGE, points=(), text="x")], 100, 100, "x") is None


@pytest.mark.parametrize(
    ("kind", "points", "outline"),
    [
        (MarkKind.LENGTH, MARK.points, "M10.00 20.00L30.00 40.00"),
        (MarkKind.ANGLE, ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)), "M0.00 0.00L9.00 0.00L9.00 9.00"),
        (
            MarkKind.COBB,
            ((0.0, 0.0), (9.0, 0.0), (0.0, 5.0), (9.0, 9.0)),
            "M0.00 0.00L9.00 0.00M0.00 5.00L9.00 9.00",
        ),
        (
            MarkKind.RATIO,
            ((0.0, 1.0), (9.0, 1.0), (2.0, 5.0), (7.0, 5.0)),
            "M0.00 1.00L9.00 1.00M2.00 5.00L7.00 5.00",
        ),
        # From whichever corner it was drawn.
        (
            MarkKind.ELLIPSE,
            ((30.0, 40.0), (10.0, 20.0)),
            "M10.00 30.00a10.00 10.00 0 1 0 20.00 0a10.00 10.00 0 1 0 -20.00 0",
        ),
    ],
)
def test_each_kind_has_its_lines(
    kind: MarkKind, points: tuple[tuple[float, float], ...], outline: str
) -> None:
    drawn = drawing([replace(MARK, kind=kind, points=points)], 100, 50, "")
    assert drawn is not None
    assert drawn.outline == outline
    assert drawn.labels == ()


def test_an_arrow_points_to_where_it_was_begun() -> None:
    drawn = drawing([replace(MARK, kind=MarkKind.ARROW, points=((50.0, 50.0), (80.0, 50.0)))], 300, 300, "")
    assert drawn is not None
    _, line, barbs = drawn.outline.split("M")
    assert line == "50.00 50.00L80.00 50.00"
    one, tip, other = (tuple(map(float, point.split())) for point in barbs.split("L"))
    assert tip == (50, 50)
    assert 50 < one[0] == other[0] < 60
    assert one[1] - 50 == pytest.approx(50 - other[1])


@pytest.mark.parametrize(
    ("mark", "caption", "shown"),
    [
        (replace(MARK, kind=MarkKind.ARROW, text="<b>结节"), "", "<b>结节"),
        (replace(MARK, values=IN_MM), "结节; 12.3 mm (at detector)", "12.3 mm (at detector)"),
        (replace(MARK, values=IN_MM), "112.3 mm; 12.3 mm", "12.3 mm"),
        # A bare number would say more than its reader saw.
        (replace(MARK, values=IN_MM), "", ""),
        (replace(MARK, values=IN_MM), "12.4 mm", ""),
        (
            replace(MARK, values=(*IN_MM, MarkValue(name="mean", value=-3, unit="HU"))),
            "12.3 mm; 12.3 mm  mean -3.0 HU",
            "12.3 mm  mean -3.0 HU",
        ),
    ],
)
def test_beside_it_stands_what_its_reader_saw(mark: Mark, caption: str, shown: str) -> None:
    drawn = drawing([mark], 100, 100, caption)
    assert drawn is not None
    assert [label.text for label in drawn.labels] == ([shown] if shown else [])


def test_words_stand_where_there_is_room() -> None:
    said = replace(MARK, text="x")
    for points, side in ((MARK.points, False), (((70.0, 20.0), (90.0, 40.0)), True)):
        drawn = drawing([replace(said, points=points)], 100, 100, "")
        assert drawn is not None
        [label] = drawn.labels
        assert label.ends_here is side
        assert 0 < label.row < 50


def test_words_are_not_cut_off_at_the_edge() -> None:
    for text in ("12.3 mm (at detector)", "右肺结节"):
        for points, ends_here in (
            (((90.0, 200.0), (200.0, 200.0)), False),
            (((110.0, 9.0), (250.0, 9.0)), True),
        ):
            drawn = drawing([replace(MARK, text=text, points=points)], 300, 300, "")
            assert drawn is not None
            [label] = drawn.labels
            least = len(text) * drawn.letter_height * 0.5
            assert label.ends_here is ends_here
            assert least <= (label.column if ends_here else 300 - label.column) < 300


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (MarkValue(name="length", value=0.25, unit="mm"), "0.3 mm"),
        (MarkValue(name="angle", value=-0.25, unit="°"), "-0.3°"),
        (MarkValue(name="length", value=2.5, unit="px"), "3 px"),
        (MarkValue(name="ratio", value=0.485, unit=""), "0.48"),
        (MarkValue(name="time", value=1, unit="s"), "1.00 s"),
    ],
)
def test_numbers_are_those_of_the_viewer(value: MarkValue, shown: str) -> None:
    assert shown_value(value) == shown


def test_lines_over_a_picture_are_scaled_and_their_words_harmless() -> None:
    drawn = drawing([replace(MARK, text="</text><script>")], 100, 50, "")
    assert drawn is not None
    svg = as_svg(drawn, 200, 50)
    assert 'transform="scale(2.000000 1.000000)"' in svg
    assert "<script" not in svg
    assert svg.count("<text") == svg.count("</text>") == 2


def test_marks_have_the_colour_that_readers_know() -> None:
    style = Path(__file__).parents[2] / "web/src/viewer/viewer.css"
    drawn = drawing([MARK], 100, 100, "")
    assert drawn is not None
    [colour] = [
        line.split(":")[1].strip(" ;")
        for line in style.read_text("utf-8").splitlines()
        if line.startswith("  --viewer-line:")
    ]
    assert json.dumps(colour) in as_svg(drawn, 100, 100)
