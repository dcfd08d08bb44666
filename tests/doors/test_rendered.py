"""Rendered pictures through the HTTP door: pixels, levels, parameters and refusals."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.doors import made
from tests.doors.asking import Answer, Get, People
from tests.doors.made import address
from tests.phantoms import read

pytestmark = pytest.mark.django_db(transaction=True)


def pixels(answer: Answer) -> np.ndarray:
    assert answer.status == 200, answer.body
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[..., ::-1]


async def test_it_works(get: Get) -> None:
    answer = await get(f"{address(made.speaking()[4])}/rendered?accept=image/png")
    assert read(pixels(answer)).slice == answer.picture["instance_number"] == 5
    assert answer.picture["modality"] == "CT" and answer.picture["lossless"] is True


@pytest.mark.parametrize(
    ("center", "width", "function"),
    [
        (0, 2100, "linear"),
        (40.5, 400, "linear-exact"),
        (-600, 1500, "sigmoid"),
        (0, 1, "linear"),
        (3, 0.5, "linear-exact"),
    ],
)
async def test_a_window_is_the_standards_formula(get: Get, center: float, width: float, function: str) -> None:
    slices = made.speaking()
    answer = await get(f"{address(slices[0])}/rendered?accept=image/png&window={center},{width},{function}")
    assert np.abs(pixels(answer) - made.shades(slices[0], center, width, function)).max() <= 1
    assert answer.picture["window"]["center"] == center


async def test_inverted_film_keeps_its_window_and_padding_stays_black(get: Get) -> None:
    for dataset in made.radiographs():
        answer = await get(f"{address(dataset)}/rendered?accept=image/png")
        expected = made.shades(dataset, float(dataset.WindowCenter), float(dataset.WindowWidth))
        assert np.abs(pixels(answer) - expected).max() <= 1
        assert not pixels(answer)[:10].any()
        assert answer.picture["low_is_white"] and not answer.picture["inverted"]
        turned = pixels(await get(f"{address(dataset)}/rendered?accept=image/png&invert=yes"))
        assert np.abs(turned[10:] + pixels(answer)[10:].astype(int) - 255).max() <= 1 and not turned[:10].any()


async def test_a_series_without_a_window_has_one_window_for_all_slices(get: Get) -> None:
    windows = [(await get(f"{address(each)}/rendered")).picture["window"] for each in made.magnetic()]
    assert all(window == windows[0] for window in windows) and windows[0]["width"] > 500


async def test_ct_without_a_window_is_soft_tissue(get: Get) -> None:
    window = (await get(f"{address(made.tall()[0])}/rendered")).picture["window"]
    assert (window["center"], window["width"]) == (40, 400)


async def test_ct_without_a_window_that_soft_tissue_would_leave_black_has_its_own(get: Get) -> None:
    answer = await get(f"{address(made.airy()[0])}/rendered?accept=image/png")
    assert answer.picture["window"]["center"] < -500 and np.ptp(pixels(answer)) > 200


async def test_the_automatic_window_is_measured_over_the_series_whatever_the_file_says(get: Get) -> None:
    own, measured = [
        (await get(f"{address(made.speaking()[0])}/rendered{query}")).picture["window"] for query in ("", "?voi=auto")
    ]
    assert measured["explanation"] == "automatic" and measured["width"] != own["width"]


async def test_a_region_is_cut_scaled_and_flipped(get: Get) -> None:
    whole = pixels(await get(f"{address(made.speaking()[0])}/rendered?accept=image/png"))
    path = f"{address(made.speaking()[0])}/rendered?accept=image/png&viewport="
    assert np.array_equal(pixels(await get(f"{path}128,128")), whole)
    cut = await get(f"{path}40,20,16,8,40,20")
    assert np.array_equal(pixels(cut), whole[8:28, 16:56])
    assert cut.picture["region"] == [16, 8, 40, 20] and cut.picture["size"] == [40, 20]
    assert np.array_equal(pixels(await get(f"{path}40,20,16,8,-40,20")), whole[8:28, 16:56][:, ::-1])
    assert np.array_equal(pixels(await get(f"{path}40,20,16,8,40,-20")), whole[8:28, 16:56][::-1])
    assert np.array_equal(pixels(await get(f"{path}128,128,,,-128,-128")), whole[::-1, ::-1])
    assert pixels(await get(f"{path}256,512")).shape == (256, 256)
    assert pixels(await get(f"{path}64,512")).shape == (64, 64)


async def test_a_viewport_does_not_distort_what_has_tall_pixels(get: Get) -> None:
    plain = await get(f"{address(made.tall()[0])}/rendered?accept=image/png")
    assert pixels(plain).shape == (40, 60) and plain.picture["aspect"] == 3
    assert pixels(await get(f"{address(made.tall()[0])}/rendered?accept=image/png&viewport=300,300")).shape == (
        300,
        150,
    )


async def test_quality_changes_the_size_and_little_else(get: Get) -> None:
    path = f"{address(made.speaking()[0])}/rendered"
    poor, fine = await get(f"{path}?quality=5"), await get(f"{path}?quality=100")
    assert fine.headers["content-type"] == "image/jpeg" and len(poor.body) < len(fine.body) / 2
    whole = pixels(await get(f"{path}?accept=image/png")).astype(int)
    assert np.abs(pixels(fine) - whole).max() <= 6 and fine.picture["lossless"] is False


async def test_colour_is_shown_as_stored_with_a_profile_on_demand(get: Get) -> None:
    clip = made.ultrasound()[0]
    stored = np.frombuffer(clip.PixelData, np.uint8).reshape(4, 32, 48, 3)
    for number in (1, 4):
        answer = await get(f"{address(clip, number)}/rendered?accept=image/png&iccprofile=srgb&window=1,2,linear")
        assert np.array_equal(pixels(answer), stored[number - 1])
        assert b"iCCP" in answer.body[:100] and answer.picture["window"] is None and answer.picture["colour"] is True
    assert b"iCCP" not in (await get(f"{address(clip)}/rendered?accept=image/png")).body
    jpeg = await get(f"{address(clip)}/rendered?iccprofile=yes")
    assert b"ICC_PROFILE" in jpeg.body[:60] and pixels(jpeg).shape == (32, 48, 3)


async def test_a_webp_shows_exactly_what_a_png_does(get: Get) -> None:
    for instance, query in ((made.speaking()[0], "window=40,400,linear"), (made.ultrasound()[0], "iccprofile=srgb")):
        path = f"{address(instance)}/rendered?{query}"
        png, webp = await get(f"{path}&accept=image/png"), await get(f"{path}&accept=image/webp")
        assert webp.headers["content-type"] == "image/webp" and webp.picture == png.picture and webp.picture["lossless"]
        shown = [Image.open(io.BytesIO(answer.body)) for answer in (png, webp)]
        assert np.array_equal(*(np.asarray(each.convert("RGB")) for each in shown))
        assert ("icc_profile" in shown[1].info) == ("iccprofile" in query)
        assert shown[0].info.get("icc_profile") == shown[1].info.get("icc_profile")


async def test_a_browser_that_names_webp_with_every_picture_gets_a_jpeg(get: Get) -> None:
    accept = {"accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}
    answer = await get(f"{address(made.speaking()[0])}/rendered", headers=accept)
    assert answer.headers["content-type"] == "image/jpeg"


async def test_annotation_is_burnt_in_over_a_picture_that_stays_the_same(get: Get) -> None:
    path = f"{address(made.radiographs()[0])}/rendered?accept=image/png&viewport=800,640"
    plain, both = pixels(await get(path)), pixels(await get(f"{path}&annotation=patient,technique"))
    patient = pixels(await get(f"{path}&annotation=patient"))
    differs = plain != both
    assert differs[:, :400].any() and differs[:, 400:].any() and not differs[400:].any()
    assert (plain != patient)[:, :400].any() and np.array_equal(plain[:, 600:], patient[:, 600:])


async def test_every_level_answers(get: Get) -> None:
    slices = made.speaking()
    study = f"/dicomweb/main/studies/{slices[0].StudyInstanceUID}"
    series = f"{study}/series/{slices[0].SeriesInstanceUID}"
    for path in (study, series, address(slices[2], None), address(slices[2])):
        small = await get(f"{path}/thumbnail")
        assert small.headers["content-type"] == "image/jpeg" and max(pixels(small).shape) == 128
        assert pixels(await get(f"{path}/thumbnail?viewport=32,64&accept=image/png")).shape == (32, 32)
    one = await get(f"{address(slices[2], None)}/rendered?accept=image/png")
    assert read(pixels(one)).slice == 3 and one.headers["content-location"].endswith("/frames/1/rendered")
    middle = await get(f"{address(made.ultrasound()[0], None)}/rendered")
    assert middle.picture["frame"] == 2


def parts(answer: Answer) -> list[tuple[dict[str, str], bytes]]:
    """Split a multipart/related answer."""
    assert answer.status == 200, answer.body
    boundary = answer.headers["content-type"].partition("boundary=")[2].encode()
    pieces = answer.body.split(b"--" + boundary)
    assert pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, _blank, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        found.append((lines, body.removesuffix(b"\r\n")))
    return found


async def test_a_series_and_a_study_come_as_all_their_pictures(get: Get) -> None:
    slices = made.speaking()
    series = f"/dicomweb/main/studies/{slices[0].StudyInstanceUID}/series/{slices[0].SeriesInstanceUID}"
    found = parts(await get(f"{series}/rendered?accept=image/png"))
    spoken = [read(cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)).slice for _head, body in found]
    assert sorted(spoken) == list(range(1, 13)) and spoken in (sorted(spoken), sorted(spoken, reverse=True))
    assert all(head["Content-Type"] == "image/png" for head, _body in found)
    header = {"accept": 'multipart/related; type="image/jpeg"'}
    clip = made.ultrasound()[0]
    whole = parts(await get(f"/dicomweb/main/studies/{clip.StudyInstanceUID}/rendered", headers=header))
    assert [head["Content-Location"].split("/")[-2] for head, _body in whole] == ["1", "2", "3", "4"]
    assert len(parts(await get(f"{address(clip, None)}/rendered", headers=header))) == 4
    assert (await get(f"{series}/rendered", headers={"accept": "image/jpeg"})).status == 406


async def test_a_damaged_frame_says_so_and_the_others_go_on(get: Get) -> None:
    first, broken, last = made.damaged()
    refused = await get(f"{address(broken)}/rendered")
    assert refused.status == 502 and refused.words
    assert read(pixels(await get(f"{address(last)}/rendered?accept=image/png"))).slice == 3
    series = f"/dicomweb/main/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}"
    found = parts(await get(f"{series}/rendered"))
    assert sorted(head["Content-Type"] for head, _ in found) == ["application/problem+json", "image/jpeg", "image/jpeg"]


@pytest.mark.parametrize(
    "query",
    ["window=1,2", "viewport=0,0", "viewport=10,10,500,500,10,10", "quality=0", "annotation=all", "voi=7", "invert=1"],
)
async def test_an_invalid_value_is_400_and_names_itself(get: Get, query: str) -> None:
    answer = await get(f"{address(made.speaking()[0])}/rendered?{query}")
    assert answer.status == 400 and query.split("=")[0] in answer.words
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unsupported_media_type_is_406(get: Get) -> None:
    assert (await get(f"{address(made.speaking()[0])}/rendered?accept=image/avif")).status == 406
    assert (await get(f"{address(made.speaking()[0])}/rendered", headers={"accept": "application/dicom"})).status == 406


async def test_what_can_not_be_shown_yet_is_406_with_its_kind(get: Get) -> None:
    answer = await get(f"{address(made.report())}/rendered")
    assert answer.status == 406 and "structured report" in answer.words


async def test_unknown_names_are_ignored_and_named_in_a_warning(get: Get) -> None:
    path = f"{address(made.speaking()[0])}/rendered"
    answer = await get(f'{path}?accept=image/png&texture=hot&x"%0d%0aset-cookie:=1')
    assert answer.body == (await get(f"{path}?accept=image/png")).body
    assert answer.headers["warning"].startswith("299 samsyn") and "texture" in answer.headers["warning"]
    assert "\r" not in answer.headers["warning"] and answer.headers["warning"].count('"') == 2


async def test_nobody_is_401_and_unknown_and_forbidden_are_the_same_404(get: Get, people: People) -> None:
    bobs, other = made.speaking()[0], made.other_patient()[0]
    assert (await get(f"{address(bobs)}/rendered", token=people.bob)).status == 200
    nobody = await get(f"{address(bobs)}/rendered", token="")
    assert nobody.status == 401 and "www-authenticate" in nobody.headers
    assert (await get(f"{address(bobs)}/rendered", token="wrong")).status == 401
    forbidden = await get(f"{address(other)}/rendered", token=people.bob)
    unknown = await get(f"/dicomweb/main/studies/1.2.3/series/{other.SeriesInstanceUID}/rendered", token=people.bob)
    assert (forbidden.status, forbidden.body, forbidden.headers) == (unknown.status, unknown.body, unknown.headers)
    assert forbidden.status == 404
    assert (await get(f"{address(bobs)}/rendered?window=x", token=people.charlie)).status == 404


async def test_rights_to_one_study_open_no_series_of_another(get: Get, people: People) -> None:
    mine, theirs = made.speaking()[0], made.other_patient()[0]
    path = address(theirs).replace(str(theirs.StudyInstanceUID), str(mine.StudyInstanceUID))
    assert (await get(f"{path}/rendered", token=people.bob)).status in {404, 502}


async def test_what_is_not_there_is_404(get: Get) -> None:
    one = made.speaking()[0]
    for path in (address(one, 2), address(one).replace(str(one.SOPInstanceUID), "1.2.3"), "/dicomweb/main/nothing"):
        assert (await get(f"{path}/rendered")).status == 404
    assert (await get(f"{address(one)}/rendered", method="POST")).status == 405


async def test_head_has_the_headers_of_get_and_no_body(get: Get) -> None:
    path = f"{address(made.speaking()[0])}/rendered?accept=image/png"
    head, whole = await get(path, method="HEAD"), await get(path)
    assert head.body == b"" and head.headers == whole.headers and int(head.headers["content-length"]) == len(whole.body)


async def test_pictures_are_never_stored_on_the_way(get: Get) -> None:
    answer = await get(f"{address(made.speaking()[0])}/rendered")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_description_is_ascii_whatever_the_name(get: Get) -> None:
    answer = await get(f"{address(made.radiographs()[0])}/rendered")
    assert answer.headers["samsyn-picture"].isascii()
    assert "Παπαδοπούλου" in answer.picture["patient"]["name"]
    assert answer.picture["patient"]["age"] == "72 y" and answer.picture["patient"]["birth_date"] == "1952-02-29"
    assert answer.picture["patient_orientation"] is None


async def test_a_missing_slice_keeps_its_place_in_the_count(get: Get) -> None:
    places = {each.InstanceNumber: (await get(f"{address(each)}/rendered")).picture for each in made.other_patient()}
    assert {picture["count"] for picture in places.values()} == {8}
    ordered = [places[number]["index"] for number in sorted(places)]
    assert ordered in ([0, 1, 3, 4, 6, 7], [7, 6, 4, 3, 1, 0])


async def test_a_slice_that_the_archive_lost_says_so_and_keeps_its_place(get: Get) -> None:
    kept, gone = made.lost()
    refused = await get(f"{address(gone)}/rendered")
    assert refused.status == 502 and refused.words
    whole = await get(f"{address(kept)}/rendered?accept=image/png")
    assert read(pixels(whole)).slice == 1 and whole.picture["count"] == 2


async def test_the_text_of_an_answer_follows_the_readers_language(get: Get) -> None:
    for language in ("sv", "en", "xx;q=nonsense"):
        answer = await get(f"{address(made.speaking()[0])}/rendered?window=1", headers={"accept-language": language})
        assert answer.status == 400 and "window" in answer.words
