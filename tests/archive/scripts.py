"""Names as files hold them, byte for byte, and as people read them: examples of PS3.5's annexes, one per code page."""

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

ROOT = "1.2.826.0.1.3680043.10.1613.7"

# Specific Character Set, the bytes of Patient's Name, and what they say.
NAMES: dict[str, tuple[str, bytes, str]] = {
    "latin 1": ("ISO_IR 100", "Åström^Göran".encode("latin-1"), "Åström^Göran"),
    "latin 2": ("ISO_IR 101", "Świątek^Łucja".encode("iso8859-2"), "Świątek^Łucja"),
    "latin 3": ("ISO_IR 109", "Ċetta^Ġorġ".encode("iso8859-3"), "Ċetta^Ġorġ"),
    "latin 4": ("ISO_IR 110", "Ķēniņš^Jānis".encode("iso8859-4"), "Ķēniņš^Jānis"),
    "cyrillic": ("ISO_IR 144", "Чайковский^Пётр".encode("iso8859-5"), "Чайковский^Пётр"),
    "arabic": ("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"),  # PS3.5 annex
    "greek": ("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
    "hebrew": ("ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"),
    "latin 5": ("ISO_IR 148", "Çavuşoğlu^Işıl".encode("iso8859-9"), "Çavuşoğlu^Işıl"),
    "thai": ("ISO_IR 166", "สมชาย^ใจดี".encode("tis-620"), "สมชาย^ใจดี"),
    "katakana": ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    "utf-8": ("ISO_IR 192", b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=", "Wang^XiaoDong=王^小東"),
    "gb18030": ("GB18030", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang^XiaoDong=王^小东"),
    "gbk": ("GBK", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang^XiaoDong=王^小东"),
    "japanese h.3.1": (
        r"\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    "japanese h.3.2": (
        r"ISO 2022 IR 13\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    ),
    "korean i.2": (
        r"\ISO 2022 IR 149",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
        "Hong^Gildong=洪^吉洞=홍^길동",
    ),
    "chinese k.2": (
        r"\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
        "Zhang^XiaoDong=张^小东",
    ),
    "greek and latin": (
        r"ISO 2022 IR 100\ISO 2022 IR 126",
        b"\xc4neas^R\xfcdiger=\x1b-F\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2",
        "Äneas^Rüdiger=Διονυσιος",
    ),
    "plain": ("", b"Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams^John Robert Quincy^^Rev.^B.A. M.Div."),
}
# Bytes that aren't what the file says they are, and what can be made of them without a guess at a code page.
WRONG: dict[str, tuple[str, bytes, str]] = {
    "none, utf-8": ("", "Åström^Göran".encode(), "Åström^Göran"),
    "none, latin 1": ("", "Åström^Göran".encode("latin-1"), "Åström^Göran"),
    "ascii, utf-8": ("ISO_IR 6", "山田^太郎".encode(), "山田^太郎"),
    "unknown, utf-8": ("KLINGON", "Åström^Göran".encode(), "Åström^Göran"),
    "utf-8, latin 1": ("ISO_IR 192", "Åström^Göran".encode("latin-1"), "�str�m^G�ran"),
    "misspelt": ("ISO-IR 100", "Åström^Göran".encode("latin-1"), "Åström^Göran"),
    "japanese, cut in an escape": (r"\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$", "Yamada^Tarou=�"),
    "japanese, an unknown escape": (r"\ISO 2022 IR 87", b"Yamada^Tarou=\x1b%Z;3", "Yamada^Tarou=�;3"),
}


def dataset(number: int, charset: str, name: bytes) -> Dataset:
    """Return a small image whose Patient's Name holds exactly these bytes."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = SecondaryCaptureImageStorage, f"{ROOT}.{number}.1.1"
    made.StudyInstanceUID, made.SeriesInstanceUID = f"{ROOT}.{number}", f"{ROOT}.{number}.1"
    if charset:
        made.SpecificCharacterSet = charset.split("\\")
    made.add_new("PatientName", "PN", name)
    made.PatientID, made.Modality, made.StudyDate = f"SCRIPT-{number}", "OT", "20200102"
    made.InstanceNumber, made.SeriesNumber, made.StudyID, made.AccessionNumber = 1, 1, "1", "A1"
    made.Rows = made.Columns = 8
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.PixelData = bytes(64)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made
