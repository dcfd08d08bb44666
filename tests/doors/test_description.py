"""What is said of a picture: the JSON that was made beforehand is that of the values."""

import json

import pytest

from tests.doors import made
from tests.doors.asking import People
from viewer import rendering
from viewer.doors import description, parameters
from viewer.doors.media import JPEG

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_json_of_a_description_is_that_of_its_values(people: People, studio: rendering.Studio) -> None:
    for dataset in (made.speaking()[0], made.other_patient()[1], made.ultrasound()[0]):
        opened = await studio.series("main", str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID))
        place = opened.place(str(dataset.SOPInstanceUID), 1)
        seen = set()
        for query in ("", "window=40,400,linear", "window=41,1.5,sigmoid&invert=yes", "viewport=20,20,1,1,-9,9"):
            told = (await studio.picture(opened, place, parameters.parse(query), JPEG)).description
            assert isinstance(told, description.Description)
            assert description.told(told) == description.encoded(dict(told))
            assert json.loads(description.header(told)) == json.loads(description.encoded(dict(told)))
            seen.add(description.told(told))
        assert len(seen) >= 3


async def test_what_is_added_to_a_description_is_said_too(people: People, studio: rendering.Studio) -> None:
    dataset = made.speaking()[0]
    opened = await studio.series("main", str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID))
    place = opened.place(str(dataset.SOPInstanceUID), 1)
    told = (await studio.picture(opened, place, parameters.parse(""), JPEG)).description
    assert json.loads(description.told({**told, "whole": 1}))["whole"] == 1
    assert json.loads(description.told(told | {"rows": 7}))["rows"] == 7
