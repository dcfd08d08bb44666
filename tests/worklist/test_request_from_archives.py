"""The request comes the same from a folder and from Orthanc."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from tests import orthanc
from tests.browser.reading import lay
from tests.phantoms import speaking_phantom
from viewer.archive import Archive, FolderArchive, WebArchive
from viewer.listing import text
from worklist.said import request_fields


@pytest.fixture(params=["folder", "orthanc"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Archive, str]]:
    """An archive that holds one CT with what its modality was told, and the study's UID."""
    folder = tmp_path / "archive"
    folder.mkdir()
    datasets = speaking_phantom(slices=2, rows=64, columns=64)
    for dataset in datasets:
        code, step = Dataset(), Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "267036007", "SCT", "Dyspnoea"
        step.ReasonForTheRequestedProcedure = "Lungödem? µ ≤ 5 mm"
        step.ReasonForRequestedProcedureCodeSequence = [code]
        step.ScheduledProcedureStepDescription = "CT chest"
        dataset.RequestAttributesSequence = [step]
        dataset.AdmittingDiagnosesDescription = ["Hip fracture", "Diabetes"]
        dataset.PatientComments = "First line\r\nsecond line"
        dataset.ReferringPhysicianName = "Ödman^Åsa"
        dataset.Allergies = "Penicillin"
    study = lay(folder, datasets)
    if request.param == "folder":
        found = FolderArchive("here", folder, state=tmp_path / "state")
        found.scan(settle=0)
        yield found, study
    else:
        with orthanc.running(tmp_path / "orthanc") as server:
            web = WebArchive("there", server.root, auth=server.auth)
            web.store(path.read_bytes() for path in sorted(folder.iterdir()))
            yield web, study


def test_the_request_of_one_instance(archive: tuple[Archive, str]) -> None:
    port, study = archive
    series = text(port.search_series(study)[0], "0020000E", 65)
    instance = text(port.search_instances(study, series)[0], "00080018", 65)
    found = request_fields(json.loads(port.instance_metadata(study, series, instance))[0])
    assert found["clinical_question"] == "Lungödem? µ ≤ 5 mm\nDyspnoea"
    assert found["history"] == "Hip fracture\nDiabetes\nFirst line\nsecond line"
    assert (found["procedure"], found["referrer"], found["allergy"]) == ("CT chest", "Ödman^Åsa", "Penicillin")
