"""The overview of a study: reports of measurements are told by what they hold, and companions name no study."""

from typing import Any

import pytest

from tests import hospital
from tests.hospital import alice
from viewer.doors.overview import study_json
from viewer.models import Measurement, OutboxItem, Series, Study

__all__ = ["alice"]
pytestmark = pytest.mark.django_db


def report(study: Study, uid: str) -> Series:
    return Series.objects.create(study=study, uid=uid, modality="SR", description="Measurements", instance_count=1)


def lengths(study: Study, of: str, count: int) -> None:
    for _ in range(count):
        Measurement.objects.create(study=study, space="patient", series_uid="1.1", points=[], report_uid=of)


def written(study: Study, series: str, uid: str) -> None:
    OutboxItem.objects.create(
        archive=study.archive, study=study, series_uid=series, sop_class_uid="1", sop_instance_uid=uid, digest="0"
    )


def told(user: Any, study: Study) -> dict[str, tuple[bool, str]]:
    """Return, for each series of the overview, whether it is told and its words."""
    return {each["uid"]: (each["told"], each["words"]) for each in study_json(user, study)["series"]}


def test_a_report_of_measurements_says_that_they_are_under_findings(alice: Any) -> None:
    study = hospital.study()
    report(study, "7.1")
    report(study, "7.2")
    report(study, "7.3")
    written(study, "7.1", "7.1.1")
    written(study, "7.3", "7.3.1")
    lengths(study, "7.1.1", 3)
    lengths(study, "of another house", 1)
    found = told(alice, study)
    assert found["7.1"] == (True, "3 lengths, shown under Findings")
    assert found["7.2"] == (True, "1 length, shown under Findings")
    assert found["7.3"] == (True, "earlier measurements, replaced by later ones")


def test_a_report_of_which_nothing_was_read_stays_what_it_is(alice: Any) -> None:
    study = hospital.study()
    report(study, "7.1")
    assert told(alice, study)["7.1"] == (False, "structured report")
    report(study, "7.2")
    lengths(study, "of one of the two", 2)
    assert not any(is_told for is_told, _words in told(alice, study).values())


def test_what_only_comes_along_names_no_study_of_the_timeline(alice: Any) -> None:
    study = hospital.study(modalities="CT DOC SR KO PR SEG")
    (dot,) = study_json(alice, study)["studies"]
    assert dot["modalities"] == "CT"


@pytest.mark.parametrize(
    ("modality", "words"),
    [("RWV", "real world value mapping"), ("REG", "registration"), ("RTSTRUCT", "radiotherapy structures")],
)
def test_a_series_that_holds_no_images_says_what_it_is(alice: Any, modality: str, words: str) -> None:
    study = hospital.study()
    Series.objects.create(study=study, uid="8.1", modality=modality, instance_count=1)
    (found,) = [each for each in study_json(alice, study)["series"] if each["uid"] == "8.1"]
    assert (found["viewable"], found["words"]) == (False, words)
