"""Slides behind the doors of these tests: the archive they lie in, and the rows of the one patient they are of."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.contrib.auth import get_user_model
from django.utils import timezone
from PIL import Image

from tests import slides
from viewer.archive.port import Archive as Port
from viewer.models import Archive, Patient, Permit, Series, Study


@dataclass
class Site:
    """An archive with slides in it, and the state folder of a store process on it."""

    port: Port
    state: Path


def index_slides(series: Iterable[str], *, actions: str = " view ") -> Any:
    """Write the rows of a study of slides; return the user Alice, who may do `actions` with everything."""
    archive = Archive.objects.create(name="main", state=Archive.State.READY)
    patient = Patient.objects.create(issuer="main", patient_id="G1", name="Glass^Greta")
    study = Study.objects.create(
        archive=archive, uid=slides.STUDY, patient=patient, PatientID="G1", PatientName="Glass^Greta"
    )
    for uid in series:
        Series.objects.create(study=study, uid=uid, number=1, modality="SM")
    user = get_user_model().objects.create_user("alice", password="alice")
    Permit.objects.create(user=user, reason=Permit.Reason.ROLE, valid_from=timezone.now(), actions=actions)
    return user


def decoded(body: bytes) -> np.ndarray:
    """Return a picture's colours, rows × columns × 3."""
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))
