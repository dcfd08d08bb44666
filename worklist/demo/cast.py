"""Who the demo's patients are, and which exams they had, with dates that end today."""

from datetime import datetime, timedelta

from worklist.demo.dataset import Exam, Person, uid

MAIN = Person("Lindström-Ek^Åsa", "SD-1001", "19570314", "F")
KARIN_MARIA = Person("Andersson^Karin^Maria", "SD-1002", "19620521", "F")
KARIN_MARIE = Person("Andersson^Karin^Marie", "SD-1003", "19620512", "F")
GREEK = Person("Παπαδοπούλου^Ελένη", "SD-1004", "19711108", "F")
JAPANESE = Person("Sato^Misaki=佐藤^美咲=さとう^みさき", "SD-1005", "19940227", "F")
ARABIC = Person("الحداد^سلمى", "SD-1006", "19490709", "F")
GORAN = Person("Öberg^Göran", "SD-1007", "19550130", "M")
MARTA = Person("Sjögren^Märta", "SD-1008", "19440918", "F")
LIAM = Person("Ekström^Liam", "SD-1009", "20091204", "M")

REFERRER = "Holmgren^Sofia^^Dr"
OTHER_REFERRERS = ("Nyström^Jonas^^Dr", "Bergqvist^Ida^^Dr", "Haddad^Omar^^Dr")
QUARTER = timedelta(days=92)


def exams(now: datetime) -> dict[str, Exam]:
    """Return every exam by its key; `now` is the local time at which the demo is laid."""

    def exam(key: str, person: Person, ago: timedelta, description: str, referrer: str) -> Exam:
        at = now - ago
        accession = f"SD{int(uid('accession', key).rpartition('.')[2]) % 10**8:08}"
        return Exam(person, uid("study", key), f"{at:%Y%m%d}", f"{at:%H%M%S}", description, accession, referrer)

    minutes, hours, days = (
        (lambda n: timedelta(minutes=n)),
        (lambda n: timedelta(hours=n)),
        (lambda n: timedelta(days=n)),
    )
    jonas, ida, omar = OTHER_REFERRERS
    return {
        "chest-ct": exam("chest-ct", MAIN, minutes(35), "CT chest", REFERRER),
        "chest-ct-before": exam("chest-ct-before", MAIN, QUARTER, "CT chest (DERIVED)", REFERRER),
        "chest-ct-first": exam("chest-ct-first", MAIN, 2 * QUARTER, "CT chest (DERIVED)", REFERRER),
        "ecg": exam("ecg", MAIN, hours(3), "ECG at rest", REFERRER),
        "slide": exam("slide", MAIN, QUARTER - days(6), "Biopsy of the lung, H&E", REFERRER),
        "photograph": exam("photograph", MAIN, days(12), "Photograph of the skin, left shoulder", REFERRER),
        "chest-ct-maria": exam("chest-ct-maria", KARIN_MARIA, hours(2), "CT chest", jonas),
        "brain-mr-marie": exam("brain-mr-marie", KARIN_MARIE, hours(5), "MR brain", ida),
        "brain-mr": exam("brain-mr", GREEK, minutes(80), "MR brain, 1 mm", omar),
        "brain-mr-axial": exam("brain-mr-axial", JAPANESE, hours(20), "MR brain", ida),
        "angiography": exam("angiography", ARABIC, hours(26), "Coronary angiography", omar),
        "ultrasound": exam("ultrasound", GORAN, hours(4), "Echocardiography", jonas),
        "chest-x-ray": exam("chest-x-ray", MARTA, minutes(25), "Chest PA", jonas),
        "leg-x-ray": exam("leg-x-ray", LIAM, hours(6), "Right lower leg AP", ida),
    }
