"""What was asked about the demo's studies, and what is still to be read: rows that the archive doesn't hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction

from viewer import live
from viewer.actions.permit import permit
from viewer.models import Patient, Permit, PresentationState, Study
from worklist.demo import cast
from worklist.models import Priority, ReadingTask, Request

State = ReadingTask.State


@dataclass(frozen=True)
class Asked:
    """A request, and the reading task that it became. Times are minutes: asked so long ago, due so long from now."""

    question: str
    history: str
    procedure: str
    ward: str
    priority: Priority
    asked: int
    due: int
    state: ReadingTask.State = State.UNREAD
    reader: str = ""


DAY = 24 * 60
QUARTER = 92 * DAY
ASKED = {
    "chest-ct": Asked(
        "Haemoptysis since last night. Known mass in the left lower lobe: has it grown? Pleural or mediastinal spread?",
        "Adenocarcinoma of the left lower lobe by biopsy. Earlier CT three and six months ago. Never smoked.",
        "CT chest without contrast",
        "Emergency department",
        Priority.STAT,
        40,
        20,
    ),
    "chest-ct-before": Asked(
        "Mass in the left lower lobe. Size, growth, lymph nodes?",
        "Found at the first CT three months earlier. Biopsy is planned.",
        "CT chest without contrast",
        "Lung clinic",
        Priority.URGENT,
        QUARTER + 120,
        -QUARTER + DAY,
        State.DONE,
        "radiologist",
    ),
    "chest-ct-first": Asked(
        "Cough for eight weeks, weight loss of 4 kg. Tumour?",
        "Shadow in the left lower lobe on a chest X-ray elsewhere.",
        "CT chest without contrast",
        "Primary care, Söderport",
        Priority.ROUTINE,
        2 * QUARTER + 120,
        -2 * QUARTER + 2 * DAY,
        State.DONE,
        "radiologist2",
    ),
    "slide": Asked(
        "Core biopsy of the mass in the left lower lobe. Type of tumour?",
        "CT: rounded mass in the left lower lobe.",
        "Histology, H&E",
        "Lung clinic",
        Priority.ROUTINE,
        QUARTER - 6 * DAY,
        -QUARTER + 9 * DAY,
        State.DONE,
        "pathologist",
    ),
    "chest-ct-maria": Asked(
        "Cough for six weeks, smoker. Tumour?",
        "COPD. Chest X-ray last week: shadow in the right upper lobe.",
        "CT chest without contrast",
        "Primary care, Västerled",
        Priority.URGENT,
        150,
        75,
    ),
    "brain-mr-marie": Asked(
        "New headache, worse in the morning. Expansive lesion?",
        "Treated for breast cancer 2019.",
        "MR brain",
        "Neurology",
        Priority.ROUTINE,
        330,
        8 * 60,
    ),
    "brain-mr": Asked(
        "Memory failing for a year. Atrophy of the hippocampi? Vascular changes?",
        "No earlier imaging.",
        "MR brain, 1 mm in three planes",
        "Memory clinic",
        Priority.ROUTINE,
        3 * DAY,
        DAY,
    ),
    "brain-mr-axial": Asked(
        "Optic neuritis on the left. Signs of demyelination?",
        "Healthy so far.",
        "MR brain",
        "Neurology",
        Priority.URGENT,
        DAY,
        4 * 60,
    ),
    "angiography": Asked(
        "Unstable angina. Significant stenoses?",
        "Diabetes type 2, hypertension.",
        "Coronary angiography",
        "Cardiology",
        Priority.ROUTINE,
        27 * 60,
        -2 * 60,
        State.DONE,
        "radiologist2",
    ),
    "ultrasound": Asked(
        "Breathless on exertion. Left ventricular function?",
        "Myocardial infarction 2016.",
        "Echocardiography",
        "Cardiology",
        Priority.ROUTINE,
        5 * 60,
        3 * 60,
        State.CLAIMED,
        "radiologist2",
    ),
    "chest-x-ray": Asked(
        "Fever 39.2 and breathless. Infiltrates? Metastases?",
        "Kidney cancer operated on 2018.",
        "Chest PA",
        "Emergency department",
        Priority.STAT,
        30,
        35,
    ),
    "leg-x-ray": Asked(
        "Twisted the ankle at football, tender over the distal tibia. Fracture?",
        "",
        "Right lower leg AP",
        "Emergency department, children",
        Priority.URGENT,
        6 * 60,
        60,
    ),
}


def apply(key: str, now: datetime) -> bool:
    """Write request, reading task and the referrer's permit of one study; False while the index doesn't know it.

    What exists already stays as it is: somebody may have read it meanwhile. `now` is aware.
    """
    exam = cast.exams(now)[key]
    study = Study.objects.filter(uid=exam.study_uid, archive__name="main", gone_at__isnull=True).first()
    if study is None:
        return False
    asked = ASKED.get(key)
    with transaction.atomic():
        if asked:
            Request.objects.get_or_create(
                study=study,
                defaults={
                    "clinical_question": asked.question,
                    "history": asked.history,
                    "procedure": asked.procedure,
                    "referrer": exam.referring_physician,
                    "ward": asked.ward,
                    "priority": asked.priority,
                },
            )
            ReadingTask.objects.get_or_create(
                study=study,
                defaults={
                    "state": asked.state,
                    "priority": asked.priority,
                    "requested_at": now - timedelta(minutes=asked.asked),
                    "due_at": now + timedelta(minutes=asked.due),
                    "reader": get_user_model().objects.filter(username=asked.reader).first(),
                },
            )
        if exam.person == cast.MAIN:
            _permit_referrer(study.patient)
        live.publish("list", {"study": study.uid})
    return True


def forget(now: datetime) -> None:
    """Delete requests, tasks and kept views of the demo's studies, so that they can be told anew."""
    uids = [exam.study_uid for exam in cast.exams(now).values()]
    demo = {"study__archive__name": "main", "study__uid__in": uids}
    with transaction.atomic():
        Request.objects.filter(**demo).delete()
        ReadingTask.objects.filter(**demo).delete()
        PresentationState.objects.filter(**demo).delete()


def _permit_referrer(patient: Patient) -> None:
    """Let the account `referrer` see the main patient."""
    referrer = get_user_model().objects.filter(username="referrer").first()
    if referrer and not Permit.objects.filter(user=referrer, patient=patient, valid_until__isnull=True).exists():
        permit(None, user=referrer, patient=patient, reason=Permit.Reason.REFERRER)
