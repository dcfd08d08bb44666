"""Images of every kind of pixel behind the doors, small, each with pixels that are known here."""

from collections.abc import Callable
from functools import cache

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import HTJ2KLossless, JPEG2000Lossless, JPEGLossless, JPEGLSLossless, RLELossless

from worklist.demo.dataset import Exam, Person, begin, grey, in_series, place, uid

PERSON = Person("Kinds^Of^Pixels", "K-1", "19600102", "M")
BITS = np.random.default_rng(11).integers(0, 2, (3, 5, 7)).astype(np.uint8)
MAPS = np.random.default_rng(12).random((2, 12, 10)) * 0.003
WIDE = np.linspace(0, 4_000_000_000, 80).reshape(8, 10).astype(np.uint32)
ACTIVATION = np.arange(120, dtype=np.uint16).reshape(10, 12)
RAMP = np.tile(np.arange(0, 1000, 10, dtype=np.uint16), (20, 1))


def exam(name: str, modality: str, sop_class: str, number: int = 1) -> Dataset:
    """Return an object without pixels, in a study and a series called `name`."""
    made = Exam(PERSON, uid("pixels", name), "20240301", "081500", name, "A-78")
    dataset = begin(made, "MR", uid("pixels", name, number))
    dataset.Modality, series = modality, uid("pixels", name, "series")
    in_series(dataset, number=1, series_uid=series, description=name, instance_number=number)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = f"1.2.840.10008.5.1.4.1.1.{sop_class}"
    return dataset


@cache
def bits() -> Dataset:
    """Three frames of 35 bits: the second begins within a byte."""
    dataset = exam("Bits", "OT", "7.1")
    grey(dataset, np.zeros((5, 7), np.uint8), bits_stored=8)
    dataset.NumberOfFrames, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 3, 1, 1, 0
    packed = np.packbits(BITS.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    return dataset


def code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    """Return a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def mapping(slope: float, intercept: float, unit: str, label: str, first: int = 0, last: int = 65535) -> Dataset:
    """Return a line of the Real World Value Mapping Sequence."""
    item = Dataset()
    item.add_new(0x00409216, "US", first)
    item.add_new(0x00409211, "US", last)
    item.RealWorldValueSlope, item.RealWorldValueIntercept, item.LUTExplanation = slope, intercept, label
    item.LUTLabel = "".join(word[0] for word in label.split()) if " " in label else label
    item.MeasurementUnitsCodeSequence = code(unit, "UCUM", unit)
    return item


@cache
def parametric(double: bool) -> Dataset:
    """A parametric map of two frames 3 mm apart, in mm2/s."""
    dataset = exam("Map of doubles" if double else "Map of floats", "MR", "30")
    grey(dataset, np.zeros((12, 10), np.uint16), bits_stored=16)
    del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
    dataset.NumberOfFrames, dataset.BitsAllocated = 2, 64 if double else 32
    if double:
        dataset.DoubleFloatPixelData = MAPS.tobytes()
    else:
        dataset.FloatPixelData = MAPS.astype(np.float32).tobytes()
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [2.0, 2.0], 3.0
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    item = mapping(1.0, 0.0, "mm2/s", "ADC")
    del item[0x00409216], item[0x00409211]
    item.DoubleFloatRealWorldValueFirstValueMapped, item.DoubleFloatRealWorldValueLastValueMapped = 0.0, 1.0
    shared.RealWorldValueMappingSequence = [item]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = []
    dataset.FrameOfReferenceUID = uid("pixels", "map frame")
    for number in range(2):
        group, position = Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, 3.0 * number]
        group.PlanePositionSequence = [position]
        dataset.PerFrameFunctionalGroupsSequence.append(group)
    return dataset


@cache
def wide() -> Dataset:
    """Whole numbers of 32 bits, beyond what 31 bits hold."""
    dataset = exam("Wide", "OT", "7")
    grey(dataset, np.zeros((8, 10), np.uint16), bits_stored=16)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 32, 31
    dataset.PixelData = WIDE.tobytes()
    return dataset


@cache
def supplemented(number: int = 1) -> Dataset:
    """One of three slices of MR whose values from 100 on are colours, from green to red: a blood flow in ml/s."""
    dataset = exam("Activation", "MR", "4", number)
    grey(dataset, ACTIVATION, bits_stored=12)
    place(
        dataset, position=(0.0, 0.0, number - 1.0), orientation=(1, 0, 0, 0, 1, 0), spacing=(1.0, 1.0), thickness=1.0,
        frame_of_reference=uid("pixels", "activation frame"),
    )  # fmt: skip
    dataset.PixelPresentation, dataset.WindowCenter, dataset.WindowWidth = "MIXED", "50", "100"
    for colour, values in (("Red", range(0, 200, 10)), ("Green", range(200, 0, -10)), ("Blue", [7] * 20)):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [20, 100, 16])
        words = np.array([value * 257 for value in values], np.uint16)
        setattr(dataset, f"{colour}PaletteColorLookupTableData", words.tobytes())
    dataset.RealWorldValueMappingSequence = [mapping(0.1, -10.0, "ml/s", "Regional Cerebral Blood Flow")]
    return dataset


@cache
def mapped() -> Dataset:
    """An MR with a rescale, two windows, a VOI LUT, two real world meanings, and pixels twice as tall as wide."""
    dataset = exam("Mapped", "MR", "4")
    grey(dataset, RAMP, bits_stored=12)
    dataset.RescaleSlope, dataset.RescaleIntercept = "2", "-100"
    dataset.WindowCenter, dataset.WindowWidth = ["500", "900"], ["400", "1000"]
    dataset.WindowCenterWidthExplanation = ["NARROW", "BROAD"]
    item = Dataset()
    item.add_new(0x00283002, "US", [1000, 0, 8])
    item.add_new(0x00283006, "US", [(at * 7) % 256 for at in range(1000)])
    item.LUTExplanation = "ZIGZAG"
    dataset.VOILUTSequence = [item]
    lut = mapping(0, 0, "%", "Perfusion", 0, 99)
    del lut.RealWorldValueSlope, lut.RealWorldValueIntercept
    lut.RealWorldValueLUTData = [each / 8 for each in range(100)]
    dataset.RealWorldValueMappingSequence = [mapping(0.001, 0.5, "mm2/s", "Diffusion"), lut]
    dataset.PixelAspectRatio = ["2", "1"]
    return dataset


@cache
def overlaid() -> Dataset:
    """An image of one grey, over it a line of one pixel and, as a second plane, a block that hangs over its edge."""
    dataset = exam("Overlaid", "MR", "4")
    grey(dataset, np.full((20, 24), 500, np.uint16), bits_stored=12)
    dataset.WindowCenter, dataset.WindowWidth = "500", "1000"
    for group, shape, origin, name in ((0x6000, (20, 24), (1, 1), "Line"), (0x6004, (6, 5), (17, 22), "")):
        bits = np.zeros(shape, bool)
        bits[7 if group == 0x6000 else slice(None)] = True
        for element, vr, value in ((0x10, "US", shape[0]), (0x11, "US", shape[1]), (0x40, "CS", "G"),
                                   (0x50, "SS", list(origin)), (0x100, "US", 1), (0x102, "US", 0),
                                   (0x1500, "LO", name)):  # fmt: skip
            dataset.add_new(group << 16 | element, vr, value)
        packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
        dataset.add_new(group << 16 | 0x3000, "OW", packed + b"\0" * (len(packed) % 2))
    return dataset


WORDS: dict[str, Callable[[np.ndarray], bytes]] = {
    JPEGLossless: lambda words: imagecodecs.jpeg8_encode(words, lossless=True, predictor=4, bitspersample=16),
    JPEGLSLossless: imagecodecs.jpegls_encode,
    JPEG2000Lossless: lambda words: jpeg2000(words, 16),
    HTJ2KLossless: lambda words: imagecodecs.htj2k_encode(words, reversible=True),
}


def jpeg2000(words: np.ndarray, bits: int) -> bytes:
    """Return a codestream of so many bits a sample."""
    return imagecodecs.jpeg2k_encode(words, level=0, codecformat="J2K", reversible=True, bitspersample=bits)


@cache
def embedded(syntax: str = "", coded_bits: int = 16) -> Dataset:
    """An image of 12 bits of -500, above them an overlay in a bit of its own: a block; in bit 13 another, all zero."""
    dataset = exam(f"Embedded {syntax} {coded_bits}", "MR", "4")
    grey(dataset, np.zeros((20, 24), np.int16), bits_stored=12)
    dataset.WindowCenter, dataset.WindowWidth = "-500", "1000"
    words = np.full((20, 24), -500 & 0xFFF, "<u2")
    words[4:9, 3:20] |= 1 << 15
    dataset.PixelData = words.tobytes()
    for group, bit, name in ((0x6000, 15, "Block"), (0x6002, 13, "Nothing")):
        for element, vr, value in ((0x10, "US", 20), (0x11, "US", 24), (0x40, "CS", "G"), (0x50, "SS", [1, 1]),
                                   (0x100, "US", 16), (0x102, "US", bit), (0x1500, "LO", name)):  # fmt: skip
            dataset.add_new(group << 16 | element, vr, value)
    if syntax == RLELossless:
        dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    elif syntax:
        frame = WORDS[syntax](words) if coded_bits == 16 else jpeg2000(words & (1 << coded_bits) - 1, coded_bits)
        dataset.PixelData = encapsulate([frame])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


@cache
def burnt_in() -> Dataset:
    """An image without a window: 100 to 199 within its shutter, far brighter outside of it."""
    dataset = exam("Shuttered, no window", "DX", "1.1")
    stored = np.full((20, 24), 4000, np.uint16)
    stored[2:18, 4:20] = 100 + np.arange(256).reshape(16, 16) % 100
    grey(dataset, stored, bits_stored=12)
    dataset.ShutterShape, dataset.ShutterPresentationValue = "RECTANGULAR", 0
    dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = "5", "20"
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = "3", "18"
    return dataset


@cache
def shuttered() -> Dataset:
    """An image of which columns 5 to 20 and rows 3 to 18 are meant to be seen; the rest in a quarter's grey."""
    dataset = exam("Shuttered", "DX", "1.1")
    grey(dataset, np.full((20, 24), 500, np.uint16), bits_stored=12)
    dataset.WindowCenter, dataset.WindowWidth = "500", "1000"
    dataset.ShutterShape, dataset.ShutterPresentationValue = "RECTANGULAR", 0x4000
    dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = "5", "20"
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = "3", "18"
    return dataset


@cache
def all_kinds() -> list[Dataset]:
    """Return every object of this module."""
    return [bits(), parametric(False), parametric(True), wide(), *map(supplemented, (1, 2, 3)), mapped(), overlaid(),
            shuttered(), burnt_in(), embedded(JPEG2000Lossless, 13),
            *map(embedded, ("", RLELossless, *WORDS))]  # fmt: skip
