"""The parameters of PS3.18 8.3.5: what is understood, what is refused, and in which words."""

from urllib.parse import parse_qsl

import pytest

from viewer.doors import media, parameters
from viewer.doors.parameters import BadParameter, Viewport, WindowWish, parse


def test_everything_left_out_is_the_default() -> None:
    assert parse("") == parameters.Parameters()


@pytest.mark.parametrize(
    ("word", "function"), [("linear", "LINEAR"), ("linear-exact", "LINEAR_EXACT"), ("sigmoid", "SIGMOID")]
)
def test_a_window_has_center_width_and_function(word: str, function: str) -> None:
    assert parse(f"window=-600.5,1500,{word}").window == WindowWish(-600.5, 1500, function)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "40",
        "40,400",
        "40,400,",
        "40,400,LINEAR",
        "40,400,linear_exact",
        "40,0,linear",
        "40,0.5,linear",
        "40,-1,sigmoid",
        "40,0,linear-exact",
        "nan,400,linear",
        "40,inf,linear",
        "4_0,400,linear",
        "40,400,linear,1",
        " 40,400,linear",
        "1e99,400,linear",
    ],
)
def test_an_invalid_window_is_refused_by_name(value: str) -> None:
    with pytest.raises(BadParameter, match="window") as refused:
        parse(f"window={value}")
    assert refused.value.name == "window"


def test_a_narrow_window_is_legal_where_the_formula_allows_it() -> None:
    assert parse("window=0,0.5,linear-exact").window == WindowWish(0, 0.5, "LINEAR_EXACT")
    assert parse("window=0,1,linear").window == WindowWish(0, 1, "LINEAR")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("512,256", Viewport(512, 256)),
        ("512,256,10,20,30.5,40", Viewport(512, 256, 10, 20, 30.5, 40)),
        ("512,256,,,-30,-40", Viewport(512, 256, None, None, -30, -40)),
        ("512,256,10", Viewport(512, 256, 10)),
    ],
)
def test_a_viewport_has_a_size_and_perhaps_a_region(value: str, expected: Viewport) -> None:
    assert parse(f"viewport={value}").viewport == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "512",
        "512,",
        "0,10",
        "10,0",
        "-5,10",
        "5.5,10",
        "512,512,a",
        "512,512,0,0,0,10",
        "512,512,0,0,10,0",
        "1,1,1,1,1,1,1",
        "9000,10",
        "8192,8192",
        "٣,٣",
        "512,512,nan",
        "99999999999999999999,1",
    ],
)
def test_an_invalid_viewport_is_refused_by_name(value: str) -> None:
    with pytest.raises(BadParameter) as refused:
        parse(f"viewport={value}")
    assert refused.value.name == "viewport"


def test_a_region_outside_the_image_is_refused_and_one_across_the_edge_is_cut() -> None:
    assert Viewport(10, 10, -5, 90, 20, 20).region(100, 100) == ((0, 90, 15, 10), False, False)
    assert Viewport(10, 10, None, None, -100, -50).region(100, 100) == ((0, 0, 100, 50), True, True)
    with pytest.raises(BadParameter):
        Viewport(10, 10, 100, 0, 5, 5).region(100, 100)


def test_the_answer_fits_the_viewport_without_distortion() -> None:
    assert Viewport(512, 512).size(256, 128, 1.0) == (512, 256)
    assert Viewport(100, 400).size(256, 128, 1.0) == (100, 50)
    assert Viewport(300, 300).size(100, 100, 3.0) == (100, 300)
    assert Viewport(1, 1).size(5000, 1, 1.0) == (1, 1)


@pytest.mark.parametrize("value", ["0", "101", "-1", "50.5", "", "abc", "٥"])
def test_an_invalid_quality_is_refused(value: str) -> None:
    with pytest.raises(BadParameter, match="quality"):
        parse(f"quality={value}")


@pytest.mark.parametrize(
    "query",
    [
        "annotation=",
        "annotation=Patient",
        "annotation=patient,",
        "annotation=patient,date",
        "iccprofile=sRGB",
        "iccprofile=displayp3",
        "iccprofile=",
        "invert=maybe",
        "interpolation=best",
        "window=1,2,linear&window=1,2,linear",
        "accept=png",
        "accept=",
        "window=%ff",
        "&".join(f"a{number}=1" for number in range(40)),
    ],
)
def test_other_invalid_values_are_refused(query: str) -> None:
    with pytest.raises(BadParameter):
        parse(query)


def test_unknown_names_are_listed_once_each() -> None:
    assert parse("texture=hot&foo=1&foo=2&quality=5").unknown == ("texture", "foo")


def test_a_thumbnail_knows_only_its_size() -> None:
    assert parse("viewport=64,64&window=1,2,linear", parameters.THUMBNAIL).unknown == ("window",)
    with pytest.raises(BadParameter):
        parse("viewport=64,64,1,1,1,1", parameters.THUMBNAIL)


@pytest.mark.parametrize(
    ("accept", "header", "kind"),
    [
        ("", "", media.JPEG),
        ("", "*/*", media.JPEG),
        ("", "image/*", media.JPEG),
        ("", "image/png", media.PNG),
        ("", "image/png;q=0.4, image/jpeg;q=0.5", media.JPEG),
        ("", "text/html, image/webp, */*;q=0.8", media.JPEG),
        ("image/png", "*/*", media.PNG),
        ("image/avif,image/png", "*/*", media.PNG),
        ("image/avif", "image/png", media.PNG),
        ("image/webp", "image/png", media.WEBP),
        ("image/webp", "", media.WEBP),
    ],
)
def test_the_media_type_follows_parameter_header_and_default(accept: str, header: str, kind: str) -> None:
    assert media.single(accept, header) == kind


@pytest.mark.parametrize(
    ("accept", "header"),
    [
        ("image/avif", "*/*"),
        ("", "application/dicom"),
        ("", "image/webp"),
        ("", 'multipart/related; type="image/jpeg"'),
        ("", "image/png;q=0"),
    ],
)
def test_an_unsupported_media_type_is_not_acceptable(accept: str, header: str) -> None:
    with pytest.raises(media.NotAcceptable):
        media.single(accept, header)


@pytest.mark.parametrize(
    ("accept", "header", "kind"),
    [
        ("", "*/*", media.JPEG),
        ("", 'multipart/related; type="image/png"', media.PNG),
        ("", "multipart/related", media.JPEG),
        ("image/png", "*/*", media.PNG),
        ("image/png", "multipart/related;type=image/*", media.PNG),
    ],
)
def test_several_pictures_come_as_multipart(accept: str, header: str, kind: str) -> None:
    assert media.several(accept, header) == kind


@pytest.mark.parametrize(
    ("accept", "header"),
    [("", "image/png"), ("image/avif", "*/*"), ("", 'multipart/related; type="application/dicom"')],
)
def test_a_study_can_not_be_given_as_one_picture(accept: str, header: str) -> None:
    with pytest.raises(media.NotAcceptable):
        media.several(accept, header)


@pytest.mark.parametrize(
    "query",
    [
        "window=40,400,linear&quality=85", "a=b=c&=x&y", "a=&b", "", "&", "a=1&&b=2", "a=%41", "a=1+2", "a;b=1&c",
        "name=Åsa&x=\u0000", "&".join(["a=1"] * 32), "a=1&a=2", "a=%ff", "accept=image/jpeg;q=0.5",
    ],
)  # fmt: skip
def test_a_query_that_needs_no_decoding_has_the_fields_that_the_library_finds(query: str) -> None:
    found = parameters.plain(query)
    assert found in ([], parse_qsl(query, keep_blank_values=True, errors="replace"))
    assert found or not query or set("%+") & set(query) or "" in query.split("&")


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(BadParameter, match="can't be read"):
        parameters.read("&".join(["a=1"] * 33), parameters.RENDERED)
