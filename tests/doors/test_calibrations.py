"""A line of known length sets the millimetres of its image, for everybody, until it is withdrawn."""

import asyncio
import math
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.utils import timezone

from tests.doors import made
from tests.doors.asking import Connect
from tests.doors.test_measurements import Ask, ask, door, flat, on
from viewer import seen
from viewer.models import AuditEvent, Calibration, Measurement, Permit, Study

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["ask"]

THORAX, OTHER = made.radiographs()
STUDY = str(THORAX.StudyInstanceUID)
ECHO = made.echo()[0]
BESIDE = "not inside one ultrasound region"


def address(study: str = STUDY) -> str:
    return f"/api/studies/main/{study}/calibrations/"


def known(length: float = 40.0, points: Any = ((5, 5), (85, 5)), dataset: Any = THORAX, **more: Any) -> dict[str, Any]:
    """Return what a page sends: by default 80 columns are 40 mm, half a millimetre for each."""
    return {
        "series": str(dataset.SeriesInstanceUID), "instance": str(dataset.SOPInstanceUID), "frame": 1,
        "points": [list(point) for point in points], "length": length, **more,
    }  # fmt: skip


async def lines(ask: Ask, study: str = STUDY) -> dict[str, dict[str, Any]]:
    _status, told = await ask(door(study))
    return {row["id"]: row for row in told["measurements"]}


async def test_what_was_measured_before_and_after_follows_it_until_it_is_withdrawn(ask: Ask, connect: Connect) -> None:
    _status, before = await ask(door(STUDY), flat(THORAX, (0, 0), (30, 40)))
    _status, elsewhere = await ask(door(STUDY), flat(OTHER, (0, 0), (30, 40)))
    assert (before["value"], before["unit"], before["previous_words"]) == (50.0, "{pixels}", "")
    page = await connect(f"/ws/{STUDY}/?archive=main")
    await page.say(listen=f"study.{STUDY}")
    await page.hear()

    status, row = await ask(address(), known())
    day = timezone.localtime().date().isoformat()
    assert status == 201 and row["pixel_spacing"] == pytest.approx([0.5, 0.5], rel=1e-12)
    assert (row["words"], row["withdrawn"]) == (f"mm calibrated by alice on {day}", None)
    heard = [(await page.hear(1))[0]["changed"] for _ in range(2)]
    assert heard == ["measurements", "calibrations"]

    now = await lines(ask)
    anew = now[before["id"]]
    assert anew["value"] == pytest.approx(25.0, rel=1e-9) and (anew["unit"], anew["version"]) == ("mm", 2)
    assert anew["basis_words"] == anew["short_words"] == f"mm calibrated by alice on {day}"
    assert anew["previous_words"] == "computed anew by the calibration, was 50.0 px"
    assert now[elsewhere["id"]] == elsewhere  # each image has its own
    _status, after = await ask(door(STUDY), flat(THORAX, (0, 0), (0, 10)))
    assert after["value"] == pytest.approx(5.0, rel=1e-9) and after["basis"] == "user"
    _status, moved = await ask(
        f"/api/measurements/{anew['id']}/", {"version": 2, "points": [[0, 0], [60, 80]]}, method="patch"
    )
    assert moved["value"] == pytest.approx(50.0, rel=1e-9) and moved["previous_words"] == ""

    status, ended = await ask(f"/api/calibrations/{row['id']}/", method="delete")
    assert status == 200 and ended["withdrawn"] and ended["withdrawn_by"] == "alice"
    back = await lines(ask)
    assert (back[before["id"]]["value"], back[before["id"]]["unit"]) == (100.0, "{pixels}")
    assert back[before["id"]]["previous_words"] == "computed anew by the calibration, was 50.0 mm"
    assert back[after["id"]]["unit"] == "{pixels}"
    _status, told = await ask(address())
    assert told["calibrations"] == [ended]
    details = [each.detail async for each in AuditEvent.objects.filter(subtype="calibration changed").order_by("pk")]
    assert [(each["what"], each["measurements"]) for each in details] == [("calibrated", 1), ("withdrawn", 2)]


async def test_the_newest_counts_and_the_history_keeps_all(ask: Ask) -> None:
    _status, first = await ask(address(), known())
    _status, second = await ask(address(), known(80.0))
    _status, line = await ask(door(STUDY), flat(THORAX, (0, 0), (10, 0)))
    assert line["value"] == pytest.approx(10.0, rel=1e-9)
    _status, told = await ask(address())
    assert [(each["id"], each["withdrawn"] is None) for each in told["calibrations"]] == [
        (first["id"], False), (second["id"], True),
    ]  # fmt: skip


async def test_a_line_that_was_taken_away_comes_back_by_the_calibration(ask: Ask) -> None:
    _status, row = await ask(door(STUDY), flat(THORAX, (0, 0), (30, 40)))
    await ask(f"/api/measurements/{row['id']}/", {"version": 1, "deleted": True}, method="patch")
    await ask(address(), known())
    status, back = await ask(f"/api/measurements/{row['id']}/", {"version": 3, "deleted": False}, method="patch")
    assert status == 200 and back["value"] == pytest.approx(25.0, rel=1e-9)


async def test_it_holds_for_frames_of_its_own_geometry_alone(ask: Ask) -> None:
    run = made.angiogram()
    study = str(run.StudyInstanceUID)

    async def on_frame(number: int) -> tuple[float, str]:
        _status, line = await ask(door(study), flat(run, (0, 0), (0, 10)) | {"frame": number})
        return line["value"], line["unit"]

    before = [(await ask(door(study), flat(run, (0, 0), (0, 20)) | {"frame": number}))[1]["id"] for number in (2, 3)]
    _status, first = await ask(address(study), known(dataset=run))
    assert first["frames"] == [1, 2]
    assert [(await lines(ask, study))[each]["unit"] for each in before] == ["mm", "{pixels}"]
    assert [await on_frame(number) for number in (1, 2, 3)] == [(5.0, "mm"), (5.0, "mm"), (10.0, "{pixels}")]
    # The turned gantry's frame has one of its own beside it; a second one of the first takes its place.
    _status, turned = await ask(address(study), known(80.0, dataset=run) | {"frame": 3})
    _status, second = await ask(address(study), known(20.0, dataset=run) | {"frame": 2})
    assert turned["frames"] == [3] and second["frames"] == [1, 2]
    assert [await on_frame(number) for number in (1, 2, 3)] == [(2.5, "mm"), (2.5, "mm"), (10.0, "mm")]
    told = (await ask(address(study)))[1]["calibrations"]
    assert [each["withdrawn"] is None for each in told] == [False, True, True]
    await ask(f"/api/calibrations/{second['id']}/", method="delete")
    assert [await on_frame(number) for number in (1, 3)] == [(10.0, "{pixels}"), (10.0, "mm")]


async def test_a_report_s_own_number_stays(ask: Ask) -> None:
    study = await Study.objects.aget(uid=STUDY)
    row = await Measurement.objects.acreate(
        study=study, space="image", series_uid=str(THORAX.SeriesInstanceUID), observer="Other^House",
        sop_instance_uid=str(THORAX.SOPInstanceUID), frame=1, points=[[0, 0], [3, 4]], value=7.0, unit="mm",
        basis="estimated",
    )  # fmt: skip
    await ask(address(), known())
    await row.arefresh_from_db()
    assert (row.value, row.version) == (7.0, 1)


async def test_sent_again_it_is_the_same(ask: Ask) -> None:
    sent = known(id=str(uuid.uuid4()))
    answers = [await ask(address(), sent) for _ in range(2)]
    assert [status for status, _row in answers] == [201, 200] and answers[0][1] == answers[1][1]
    status, _told = await ask(address(), sent, as_user="bob")
    assert status == 404
    assert await Calibration.objects.acount() == 1


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (made.speaking()[0], "patient's own geometry"),
        (made.magnetic()[0], "patient's own geometry"),
        (ECHO, "ultrasound regions"),
    ],
)
async def test_what_brings_its_own_geometry_is_not_calibrated_by_hand(ask: Ask, dataset: Any, words: str) -> None:
    status, told = await ask(address(str(dataset.StudyInstanceUID)), known(dataset=dataset))
    assert status == 400 and words in told["detail"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (known(0.0), "between 0.1 and 5000 mm"),
        (known(1e9), "between 0.1 and 5000 mm"),
        (known(points=((5, 5), (5, 5))), "same place"),
        (known(points=((5, 5), (5, 5000))), "outside the image"),
        (known(points=((5, 5),)), "two ends"),
        (known(instance="1.2.3"), "no such image"),
        (known(series="1.2.3"), "No such series"),
        (known(frame=2), "no frame 2"),
        ({"length": 3}, "no calibration"),
    ],
)
async def test_nonsense_is_refused_in_words(ask: Ask, sent: dict[str, Any], words: str) -> None:
    status, told = await ask(address(), sent)
    assert status == 400 and words in told["detail"]
    assert not await Calibration.objects.aexists()


async def test_who_may_not_mark_may_not_calibrate(ask: Ask) -> None:
    _status, row = await ask(address(), known())
    await Permit.objects.aupdate(actions=" view ")
    assert (await ask(address(), known()))[0] == 404
    assert (await ask(f"/api/calibrations/{row['id']}/", method="delete"))[0] == 404
    assert (await ask(f"/api/calibrations/{row['id']}/", as_user="charlie", method="delete"))[0] == 404
    assert (await ask(address()))[1]["calibrations"] == [row]


async def test_of_another_patient_by_now_nothing_is_calibrated(ask: Ask) -> None:
    def shown() -> str:
        return seen.identity(Study.objects.select_related("patient").get(uid=STUDY))

    before = await sync_to_async(shown)()
    _status, row = await ask(address(), known(identity=before))
    await Study.objects.filter(uid=STUDY).aupdate(PatientName="Else^Somebody")
    status, told = await ask(address(), known(identity=before))
    assert status == 409 and "was changed" in told["detail"]
    ending = f"/api/calibrations/{row['id']}/"
    status, told = await ask(ending, {"identity": before}, method="delete")
    assert status == 409 and "was changed" in told["detail"]
    assert (await ask(ending, {"patient": "7"}, method="delete"))[0] == 400
    status, ended = await ask(ending, {"identity": await sync_to_async(shown)()}, method="delete")
    assert status == 200 and ended["withdrawn"]


async def test_while_one_calibrates_and_others_measure_every_number_follows(ask: Ask) -> None:
    await asyncio.gather(
        *(ask(door(STUDY), flat(THORAX, (0, 0), (10 + at, 0))) for at in range(4)),
        ask(address(), known()),
        *(ask(door(STUDY), flat(THORAX, (0, 0), (20 + at, 0))) for at in range(4)),
    )
    rows = (await lines(ask)).values()
    assert len(rows) == 8 and {row["unit"] for row in rows} == {"mm"}
    assert all(row["value"] == pytest.approx(row["points"][1][0] / 2, rel=1e-9) for row in rows)


async def test_a_line_in_each_ultrasound_region_has_that_region_s_numbers(ask: Ask) -> None:
    study = str(ECHO.StudyInstanceUID)
    _status, plane = await ask(door(study), flat(ECHO, (10, 5), (60, 35)))
    truth = math.hypot(50 * 0.21, 30 * 0.34)
    assert plane["value"] == pytest.approx(truth, rel=1e-9)
    assert (plane["unit"], plane["basis_words"]) == ("mm", "mm inside the ultrasound region")
    _status, doppler = await ask(door(study), flat(ECHO, (20, 65), (80, 45)))
    found = {part["name"]: (part["value"], part["unit_words"]) for part in doppler["parts"]}
    assert found == {
        "Δv": (pytest.approx(20 * 1.37, rel=1e-9), "cm/s"),
        "Δt": (pytest.approx(60 * 0.0045, rel=1e-9), "s"),
        "slope": (pytest.approx(20 * 1.37 / (60 * 0.0045), rel=1e-9), "cm/s²"),
    }
    assert doppler["unit_words"] == "cm/s" and doppler["short_words"] == "in the region"
    _status, across = await ask(door(study), flat(ECHO, (10, 30), (10, 60)))
    assert (across["value"], across["unit"]) == (30.0, "{pixels}") and BESIDE in across["basis_words"]
    assert across["short_words"] == f"px, {BESIDE}"


async def test_the_value_under_the_pointer_is_the_region_s(connect: Connect) -> None:
    study, series, image = ECHO.StudyInstanceUID, ECHO.SeriesInstanceUID, ECHO.SOPInstanceUID
    resource = f"/dicomweb/main/studies/{study}/series/{series}/instances/{image}/frames/1/rendered"
    page = await connect(f"/ws/{study}/?archive=main")

    async def at(x: int, y: int) -> dict[str, Any]:
        await page.say(probe={"seq": 1, "resource": resource, "x": x, "y": y})
        told: dict[str, Any] = (await page.hear())[0]["probe"]
        return told

    in_curve = await at(20, 45)
    assert in_curve["physical"] == [
        {"value": pytest.approx(20 * 0.0045, rel=1e-9), "unit": "s"},
        {"value": pytest.approx((45 - 40 - 25) * -1.37, rel=1e-9), "unit": "cm/s"},
    ]
    assert in_curve["value"] == 20 and in_curve["words"] == "0.09 s, 27.4 cm/s"
    for place in ((20, 5), (20, 85)):
        assert "physical" not in await at(*place)


async def test_beside_the_patient_a_line_is_never_by_hand(ask: Ask) -> None:
    ct = made.speaking()[0]
    study = await Study.objects.aget(uid=str(ct.StudyInstanceUID))
    alice = await get_user_model().objects.aget(username="alice")
    await Calibration.objects.acreate(
        study=study, author=alice, series_uid=str(ct.SeriesInstanceUID), sop_instance_uid=str(ct.SOPInstanceUID),
        frame=1, rows=ct.Rows, columns=ct.Columns, points=[], length=1, row=9, column=9,
    )  # fmt: skip
    status, row = await ask(door(str(ct.StudyInstanceUID)), on(ct, (10, 20), (11, 20)))
    assert status == 201 and row["basis"] == "patient"
    assert row["value"] == pytest.approx(float(ct.PixelSpacing[1]), rel=1e-9)


async def test_an_image_replaced_by_one_of_another_size_is_calibrated_no_more(ask: Ask) -> None:
    _status, row = await ask(address(), known())
    assert (row["rows"], row["columns"]) == (THORAX.Rows, THORAX.Columns)
    # As if the line had been drawn on what the archive held then.
    await sync_to_async(Calibration.objects.filter(pk=row["id"]).update)(columns=THORAX.Columns + 1)
    _status, line = await ask(door(STUDY), flat(THORAX, (0, 0), (0, 10)))
    assert (line["value"], line["unit"]) == (10.0, "{pixels}")


async def test_a_line_too_short_for_a_hand_sets_nothing(ask: Ask) -> None:
    status, told = await ask(address(), known(points=((5, 5), (8, 7))))
    assert status == 400 and "at least 5 pixels" in told["detail"]
    assert not await sync_to_async(Calibration.objects.exists)()
