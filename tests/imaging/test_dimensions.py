"""Series of several volumes: which image belongs to which, in which order, by what, and that none is lost."""

import itertools
import random
from time import process_time
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.imaging.datasets import folder, metadata, read, slice_at
from tests.imaging.multiframe import LEGACY_MR, at, enhanced
from viewer.imaging import reasons
from viewer.imaging.record import instances
from viewer.imaging.stack import Stack, stacks

MR: dict[str, Any] = {"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}
DWI: dict[str, Any] = {**MR, "ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]}


def made(*datasets: Dataset) -> list[Stack]:
    return stacks(instances(metadata(*datasets)), expected=len(datasets))


def frames(stack: Stack) -> list[int]:
    return [entry.frame for entry in stack.shown]


def where(stack: Stack) -> list[tuple[str, int, int]]:
    return [(each.name, each.index, each.count) for each in stack.coordinates]


def why(built: list[Stack]) -> str:
    return "; ".join(reasons.line([stack.reasons for stack in built]))


def shown_once(built: list[Stack], *datasets: Dataset) -> None:
    """Each frame is in one stack, once."""
    found = sorted((entry.SOPInstanceUID, entry.frame) for stack in built for entry in stack.shown)
    assert found == sorted(
        (str(each.SOPInstanceUID), number)
        for each in datasets
        for number in range(1, each.get("NumberOfFrames", 1) + 1)
    )
    assert len({stack.key for stack in built}) == len(built)


def shuffled(items: list[Any], seed: int = 1) -> list[Any]:
    return random.Random(seed).sample(items, len(items))


def test_frames_in_any_order_are_ordered_by_their_dimensions() -> None:
    # Truth: frame (phase, slice) is told by DimensionIndexValues; the file has them in no order at all.
    truth = shuffled([(phase, slice_) for phase in range(1, 5) for slice_ in range(1, 7)])
    image = enhanced(
        [
            {
                "StackID": "1", "InStackPositionNumber": slice_, "TemporalPositionIndex": phase,
                "DimensionIndexValues": [1, slice_, phase], "ImagePositionPatient": at(3.0 * slice_),
                "TemporalPositionTimeOffset": 2.5 * (phase - 1),
            }
            for phase, slice_ in truth
        ],
        pointers=("StackID", "InStackPositionNumber", "TemporalPositionIndex"),
    )  # fmt: skip
    built = made(image)
    assert [[truth[frame - 1] for frame in frames(stack)] for stack in built] == [
        [(phase, slice_) for slice_ in range(6, 0, -1)] for phase in range(1, 5)
    ]
    assert [where(stack) for stack in built] == [[("phase", at_, 4)] for at_ in range(4)]
    assert [stack.coordinates[0].words for stack in built] == ["+0 s", "+2.5 s", "+5 s", "+7.5 s"]
    assert len({stack.family for stack in built}) == 1 and built[0].family
    assert all(stack.regular and stack.total_known and stack.spacing_mm == pytest.approx(3) for stack in built)
    assert why(built) == "by TemporalPositionIndex: 1, 2, 3, 4"


def test_frames_without_place_follow_the_indices_in_the_order_of_the_declaration() -> None:
    truth = shuffled([(stack, time) for stack in (1, 2) for time in range(1, 8)])
    image = enhanced(
        [{"TemporalPositionIndex": time, "DimensionIndexValues": [stack, time]} for stack, time in truth],
        pointers=("InStackPositionNumber", "TemporalPositionIndex"),
        shared={"ImageOrientationPatient": None},
    )
    (stack,) = made(image)
    assert [truth[frame - 1] for frame in frames(stack)] == sorted(truth)


def test_b_values_by_directions_are_two_dimensions_and_the_trace_is_a_volume_of_its_own() -> None:
    directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    made_of: list[tuple[str, dict[str, Any]]] = [("b0", {"DiffusionBValue": 0.0, "DiffusionDirectionality": "NONE"})]
    for b_value in (500.0, 1000.0):
        for number, direction in enumerate(directions, 1):
            said = {"DiffusionBValue": b_value, "DiffusionDirectionality": "DIRECTIONAL"}
            made_of.append((f"{b_value:g}/{number}", said | {"DiffusionGradientOrientation": direction}))
        made_of.append((f"trace {b_value:g}", {"DiffusionBValue": b_value, "DiffusionDirectionality": "ISOTROPIC"}))
    truth = shuffled([(name, said, slice_) for name, said in made_of for slice_ in range(5)])
    image = enhanced([{**said, "ImagePositionPatient": at(4.0 * slice_)} for _, said, slice_ in truth])
    built = made(image)
    shown_once(built, image)
    found = [{truth[frame - 1][0] for frame in frames(stack)} for stack in built]
    assert sorted(name for (name,) in found) == sorted(name for name, _ in made_of)
    assert [name for (name,) in found if "/" not in name] == ["b0", "trace 500", "trace 1000"]
    by_name = {name: stack for (name,), stack in zip(found, built, strict=True)}
    assert where(by_name["b0"]) == [("b", 0, 3), ("direction", 0, 1)]
    assert where(by_name["1000/1"])[0] == ("b", 2, 3) and where(by_name["1000/1"])[1][2] == 3
    assert {where(by_name[f"500/{number}"])[1][1] for number in (1, 2, 3)} == {0, 1, 2}
    assert where(by_name["trace 1000"]) == [("b", 1, 2)]
    assert by_name["trace 500"].family == by_name["trace 1000"].family != by_name["b0"].family
    assert by_name["500/1"].coordinates[0].words == "500 s/mm²"


KEYS: list[tuple[str, str, list[Any], str]] = [
    ("phase", "TemporalPositionIdentifier", [1, 2, 3], "1, 2, 3"),
    ("trigger", "TriggerTime", [0.0, 41.5, 83.0], "0, 41.5, 83"),
    ("echo time", "EchoTime", [4.6, 9.2, 13.8], "4.6, 9.2, 13.8"),
    ("echo", "EchoNumbers", [1, 2, 3], "1, 2, 3"),
    ("reference time", "FrameReferenceTime", [500.0, 1500.0, 2500.0], "500, 1500, 2500"),
    ("b", "DiffusionBValue", [0.0, 50.0, 800.0], "0, 50, 800"),
    ("acquisition", "AcquisitionNumber", [3, 4, 9], "3, 4, 9"),
    ("inversion time", "InversionTime", [50.0, 400.0, 1200.0], "50, 400, 1200"),
    ("time", "AcquisitionTime", ["101500.5", "101530", "101600.25"], "time 1, time 2, time 3"),
]


@pytest.mark.parametrize(("name", "keyword", "values", "line"), KEYS, ids=[key[0] for key in KEYS])
def test_classic_images_are_told_apart_by_each_key(name: str, keyword: str, values: list[Any], line: str) -> None:
    slices = [
        slice_at(5.0 * z, 4 * at_ + z + 1, copy=at_, **MR, **{keyword: value})
        for at_, value in enumerate(values)
        for z in range(4)
    ]
    built = made(*shuffled(slices))
    shown_once(built, *slices)
    assert [[entry.InstanceNumber for entry in stack.shown] for stack in built] == [
        [4 * at_ + z + 1 for z in (3, 2, 1, 0)] for at_ in range(3)
    ]
    assert [where(stack) for stack in built] == [[(name, at_, 3)] for at_ in range(3)]
    assert why(built) == f"by {keyword}: {line}"


def test_the_first_key_of_the_order_counts_where_several_would_do() -> None:
    slices = [
        slice_at(5.0 * z, 4 * k + z + 1, copy=k, **MR, EchoTime=5.0 + k, DiffusionBValue=100.0 * k, TriggerTime=9.0 * k)
        for k in range(3)
        for z in range(4)
    ]
    assert {each.name for stack in made(*slices) for each in stack.coordinates} == {"trigger"}


def test_a_heartbeat_for_each_slice_doesnt_hide_the_phases() -> None:
    # Every slice was taken in heartbeats of its own: no trigger time occurs twice, each slice has 20 of them.
    chance = random.Random(7)
    slices, truth = [], {}
    for z in range(6):
        times = sorted(chance.uniform(-4, 4) + 40.0 * phase + 10 for phase in range(20))
        for phase, time in enumerate(times):
            slices.append(slice_at(8.0 * z, 20 * z + phase + 1, copy=z, **MR, TriggerTime=round(time, 2)))
            truth[str(slices[-1].SOPInstanceUID)] = phase
    built = made(*shuffled(slices))
    shown_once(built, *slices)
    assert [{truth[entry.SOPInstanceUID] for entry in stack.shown} for stack in built] == [{at_} for at_ in range(20)]
    assert where(built[2]) == [("trigger", 2, 20)]
    value = built[2].coordinates[0].value
    assert isinstance(value, float) and abs(value - 90) < 5


def test_phases_by_echoes_are_two_dimensions() -> None:
    slices = [
        slice_at(5.0 * z, None, copy=10 * k + echo, **MR, TemporalPositionIdentifier=k + 1, EchoTime=[2.3, 4.6][echo])
        for k in range(4)
        for echo in range(2)
        for z in range(3)
    ]
    built = made(*shuffled(slices))
    assert [where(stack) for stack in built] == [
        [("phase", k, 4), ("echo time", echo, 2)] for k in range(4) for echo in range(2)
    ]
    assert {stack.title for stack in built} == {f"phase {k}, TE {te} ms" for k in range(1, 5) for te in ("2.3", "4.6")}


def test_maps_without_a_b_value_are_a_stack_of_their_own() -> None:
    weighted = [slice_at(5.0 * z, None, copy=int(b), **DWI, DiffusionBValue=b) for b in (0.0, 800.0) for z in range(4)]
    maps = [slice_at(5.0 * z, None, copy=7, **DWI) for z in range(4)]
    built = made(*shuffled([*weighted, *maps]))
    shown_once(built, *weighted, *maps)
    assert sorted(stack.title for stack in built) == ["b 0", "b 800", "no b-value"]
    alone = next(stack for stack in built if stack.title == "no b-value")
    assert not alone.coordinates and not alone.family


def test_a_series_that_nothing_tells_apart_stays_whole_and_says_so() -> None:
    slices = [slice_at(5.0 * z, 3 * z + k + 1, copy=k, **MR) for z in range(4) for k in range(3)]
    (stack,) = made(*slices)
    assert len(stack.shown) == 12 and not stack.coordinates
    assert "3 images at each position that nothing tells apart" in stack.words


def test_hundreds_of_dimensions_keep_nobody_waiting() -> None:
    # Each of them is another in one frame alone, so that no three tell the frames apart.
    frames = [
        {
            "ImagePositionPatient": at(frame // 2),
            "DimensionIndexValues": [1 + (dimension % 40 == frame) for dimension in range(300)],
        }
        for frame in range(40)
    ]
    image = enhanced(frames, pointers=["DiffusionBValue"] * 300)
    began = process_time()
    built = made(image)
    assert process_time() - began < 5
    shown_once(built, image)


def test_positions_of_different_counts_are_no_phases() -> None:
    times = [(z, k, 10.0 * z + 3.0 * k) for z in range(5) for k in range(3 if z != 2 else 2)]
    slices = [slice_at(5.0 * z, None, copy=k, **MR, TriggerTime=time) for z, k, time in times]
    (stack,) = made(*slices)
    assert len(stack.shown) == 14 and not stack.family


def test_two_stacks_of_one_image_are_two_and_legacy_attributes_count() -> None:
    truth = [(stack, slice_) for stack in (1, 2) for slice_ in range(4)]
    image = enhanced(
        [{"StackID": str(k), "ImagePositionPatient": at(100.0 * k + 3 * z)} for k, z in truth], SOPClassUID=LEGACY_MR
    )
    first, second = made(image)
    assert (first.title, second.title) == ("stack 1", "stack 2") and not first.missing and not second.missing
    echoes = [(k, z) for z in range(4) for k in (1, 2)]
    image = enhanced(
        [{"ImagePositionPatient": at(3.0 * z), "EchoTime": 10.0 * k} for k, z in echoes], SOPClassUID=LEGACY_MR
    )
    assert [(stack.title, frames(stack)) for stack in made(image)] == [
        ("TE 10 ms", [7, 5, 3, 1]), ("TE 20 ms", [8, 6, 4, 2]),
    ]  # fmt: skip


def test_private_macros_of_a_frame_are_left_alone() -> None:
    image = enhanced([{"ImagePositionPatient": at(2.0 * z)} for z in range(3)])
    for group in image.PerFrameFunctionalGroupsSequence:
        false = Dataset()
        false.ImagePositionPatient = at(99)
        block = group.private_block(0x2005, "Somebody", create=True)
        block.add_new(0x0F, "SQ", [false])
    (stack,) = made(image)
    assert [entry.location for entry in stack.shown] == [4, 2, 0]


def test_the_line_names_kernels_and_keys_together() -> None:
    slices = [
        slice_at(5.0 * z, None, copy=10 * k + phase, ConvolutionKernel=["B30f", "B70f"][k], AcquisitionNumber=phase + 1)
        for k in range(2)
        for phase in range(2)
        for z in range(4)
    ]
    built = made(*slices)
    assert len(built) == 4 and len({stack.family for stack in built}) == 2
    assert why(built) == "by kernel: B30f, B70f; by AcquisitionNumber: 1, 2"


@pytest.mark.parametrize("seed", range(60))
def test_every_frame_is_in_one_stack_once_whatever_the_series(seed: int) -> None:
    chance = random.Random(seed)
    keys = chance.sample(
        ["TemporalPositionIdentifier", "TriggerTime", "EchoTime", "DiffusionBValue", "AcquisitionNumber", "FlipAngle"],
        chance.randint(0, 3),
    )
    sizes = [chance.randint(1, 4) for _ in keys]
    images = []
    grid = itertools.product(range(chance.randint(1, 6)), *map(range, sizes), range(chance.choice([1, 1, 2])))
    for number, (z, *point) in enumerate(grid, 1):
        if chance.random() < 0.1:
            continue
        said: dict[str, Any] = {
            key: value + 1 for key, value in zip(keys, point, strict=False) if chance.random() > 0.03
        }
        said["ImagePositionPatient"] = at(3.0 * z) if chance.random() > 0.02 else None
        images.append(slice_at(0, number, **MR, **said))
    if not images:
        images = [slice_at(0, 1, **MR)]
    built = made(*shuffled(images, seed))
    shown_once(built, *images)
    for stack in built:
        assert all(0 <= each.index < each.count for each in stack.coordinates)
    places = [(stack.family, *where(stack)) for stack in built if stack.family]
    assert len(places) == len(set(map(repr, places)))


@pytest.mark.skipif(folder() is None, reason="SAMSYN_TEST_DATA names no folder of real data")
def test_real_enhanced_images_keep_their_frames_whatever_their_order_in_the_list() -> None:
    root = folder()
    assert root is not None
    for name in ("ct/enhanced-perfusion/eCT_Supplemental.dcm", "mr/enhanced-moving-knee/MOVEKNEE.dcm"):
        image = read(root / name, pixels=False)
        before = made(image)
        shown_once(before, image)
        groups = list(image.PerFrameFunctionalGroupsSequence)
        turned = list(reversed(range(len(groups))))
        image.PerFrameFunctionalGroupsSequence = [groups[number] for number in turned]
        after = made(image)
        assert [[turned[frame - 1] + 1 for frame in frames(stack)] for stack in after] == list(map(frames, before))
