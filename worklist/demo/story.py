"""What was asked about the demo's studies, and what is still to be read: rows that the archive doesn't hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction

from viewer import live
from viewer.actions.permit import permit
from viewer.models import Patient, Permit, PresentationState, Study
from worklist import filling
from worklist.demo import cast
from worklist.demo.dataset import Exam
from worklist.models import PREGNANCY, Priority, ReadingTask, Request

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
    phone: str = ""
    contrast: str = ""
    allergy: str = ""
    pregnancy: str = ""


# Numbers that the Swedish regulator keeps free for films and books: nobody answers.
PHONE = "08-465 004 {:02}"
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
        phone=PHONE.format(12),
        contrast="None: eGFR 28 ml/min yesterday",
        allergy="Iodinated contrast 2019: rash and wheezing",
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
        phone=PHONE.format(34),
        allergy="Iodinated contrast 2019: rash and wheezing",
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
        phone=PHONE.format(71),
        allergy="Iodinated contrast 2019: rash and wheezing",
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
        phone=PHONE.format(34),
    ),
    "chest-ct-maria": Asked(
        "Cough for six weeks, smoker. Tumour?",
        "COPD. Chest X-ray last week: shadow in the right upper lobe.",
        "CT chest without contrast",
        "Primary care, Västerled",
        Priority.URGENT,
        150,
        75,
        phone=PHONE.format(56),
    ),
    "brain-mr-marie": Asked(
        "New headache, worse in the morning. Expansive lesion?",
        "Treated for breast cancer 2019.",
        "MR brain",
        "Neurology",
        Priority.ROUTINE,
        330,
        8 * 60,
        phone=PHONE.format(20),
        contrast="Gadolinium, 0.1 mmol/kg",
    ),
    "brain-mr": Asked(
        "Memory failing for a year. Atrophy of the hippocampi? Vascular changes?",
        "No earlier imaging.",
        "MR brain, 1 mm in three planes",
        "Memory clinic",
        Priority.ROUTINE,
        3 * DAY,
        DAY,
        phone=PHONE.format(63),
    ),
    "brain-mr-axial": Asked(
        "Optic neuritis on the left. Signs of demyelination?",
        "Healthy so far.",
        "MR brain",
        "Neurology",
        Priority.URGENT,
        DAY,
        4 * 60,
        phone=PHONE.format(20),
        pregnancy=PREGNANCY[2],
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
        phone=PHONE.format(45),
        contrast="Iohexol 350 mg I/ml",
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
        phone=PHONE.format(45),
    ),
    "chest-x-ray": Asked(
        "Fever 39.2 and breathless. Infiltrates? Metastases?",
        "Kidney cancer operated on 2018.",
        "Chest PA",
        "Emergency department",
        Priority.STAT,
        30,
        35,
        phone=PHONE.format(12),
        allergy="Penicillin",
    ),
    "leg-x-ray": Asked(
        "Twisted the ankle at football, tender over the distal tibia. Fracture?",
        "",
        "Right lower leg AP",
        "Emergency department, children",
        Priority.URGENT,
        6 * 60,
        60,
        phone=PHONE.format(15),
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
            _request(study, exam, asked)
            _task(study, asked, now)
        if exam.person == cast.MAIN:
            _permit_referrer(study.patient)
        live.publish("list", {"changed": "request"})
    return True


def _request(study: Study, exam: Exam, asked: Asked) -> None:
    """Write the request as an order would, over what the images said and under what somebody wrote."""
    if filling.written(study):
        return
    told = {
        "accession_number": exam.accession_number,
        "clinical_question": asked.question,
        "history": asked.history,
        "procedure": asked.procedure,
        "referrer": exam.referring_physician,
        "referrer_phone": asked.phone,
        "ward": asked.ward,
        "contrast": asked.contrast,
        "allergy": asked.allergy,
        "pregnancy": asked.pregnancy,
        "priority": asked.priority,
        "origin": Request.Origin.ORDER,
    }
    Request.objects.update_or_create(study=study, defaults=told)
    live.publish(study.topic, {"changed": "request"})


def _task(study: Study, asked: Asked, now: datetime) -> None:
    """Write the task over the bare one that the study got when it came; what somebody did meanwhile stays."""
    requested_at, due_at = now - timedelta(minutes=asked.asked), now + timedelta(minutes=asked.due)
    told = {"priority": asked.priority, "requested_at": requested_at, "due_at": due_at}
    ended = min(now, due_at)
    state = {
        "state": asked.state,
        "reader": get_user_model().objects.filter(username=asked.reader).first(),
        "claimed_at": requested_at + (ended - requested_at) / 2 if asked.reader else None,
        "finished_at": ended if asked.state == State.DONE else None,
    }
    task = ReadingTask.objects.filter(study=study).first()
    if task is None:
        ReadingTask.objects.create(study=study, **told, **state)
    elif task.requested_at is None:
        bare = task.state == State.UNREAD
        ReadingTask.objects.filter(pk=task.pk).update(**told, **(state if bare else {}))
        live.publish(study.topic, {"changed": "reading"})


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
