"""Every real series, however odd, gets stacks or a kind in words."""

import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from tests.imaging.datasets import files, folder, metadata, read
from viewer.imaging.record import instances
from viewer.imaging.stack import Missing, Stack, kind, stacks

pytestmark = pytest.mark.skipif(folder() is None, reason="SAMSYN_TEST_DATA names no folder of real data")


def real(*names: str) -> list[Stack]:
    """Return the stacks of the files of a folder, or of one file, within the real data."""
    root = folder() or Path()
    paths = [
        path
        for name in names
        for path in (sorted((root / name).iterdir()) if (root / name).is_dir() else [root / name])
    ]
    listed = instances(metadata(*(read(path, pixels=False) for path in paths)))
    return stacks(listed, expected=len(listed))


def test_every_file_gets_a_verdict() -> None:
    series = defaultdict(list)
    for path in files():
        dataset = read(path, pixels=False)
        series[path.parent, str(dataset.get("SeriesInstanceUID", path))].append(dataset)
    assert len(series) > 100
    words = set()
    for datasets in series.values():
        listed = instances(metadata(*datasets))
        kinds = [kind(each) for each in listed]
        assert all(each.words for each in kinds)
        words |= {str(each.words) for each in kinds if not each.viewable}
        before = time.perf_counter()
        built = stacks(listed, expected=len(listed))
        assert time.perf_counter() - before < 2
        shown = {(entry.SOPInstanceUID, entry.frame) for each in built for entry in each.shown}
        viewable: dict[str | None, int] = {}
        for record, each in zip(listed, kinds, strict=True):
            if each.viewable and not each.slide:
                viewable.setdefault(record.SOPInstanceUID, record.frame_count)
        assert shown == {(uid, number) for uid, count in viewable.items() for number in range(1, count + 1)}
        assert len({each.key for each in built}) == len(built)
    assert any("label of a slide" in each for each in words)
    assert {"segmentation", "ECG", "PDF document", "structured report"} <= words


def test_the_tilted_series_is_in_order_with_its_angle() -> None:
    (stack,) = real("ct/gantry-tilt-4slice")
    assert [entry.InstanceNumber for entry in stack.shown] == [4, 3, 2, 1]
    assert stack.tilt_degrees == pytest.approx(14, abs=0.1)
    assert stack.regular and stack.total_known and not stack.missing


def test_the_slice_that_the_ge_series_lost_stands_between_its_neighbours() -> None:
    (stack,) = real("ct/irregular-spacing-ge-4slice")
    assert [isinstance(entry, Missing) for entry in stack.entries[:5]] == [False, True, False, False, False]
    assert stack.entries[1].location == pytest.approx(33.1075, abs=1e-3)
    assert [entry.instance_number for entry in stack.entries[5:] if isinstance(entry, Missing)] == [6, 5, 4, 3, 2, 1]
    assert not stack.total_known


def test_the_long_series_are_whole() -> None:
    for name, count, step in (
        ("petct/acrin-nsclc/002-ct-ct-images", 135, 3.27),
        ("mr/freesurfer-brain/mprage", 128, 1.33),
    ):
        (stack,) = real(name)
        places = np.array([entry.location for entry in stack.shown])
        assert len(stack.entries) == len(stack.shown) == count
        assert stack.spacing_mm == pytest.approx(step, abs=1e-3)
        assert stack.regular and stack.total_known and stack.words == ""
        assert (np.diff(places) < 0).all() or (np.diff(places) > 0).all()


def test_the_moving_knee_follows_its_time_and_keeps_its_plane() -> None:
    (stack,) = real("mr/enhanced-moving-knee")
    assert [entry.frame for entry in stack.shown] == list(range(1, 20))
    assert not stack.spatial and stack.plane is not None and stack.total_known
    assert stack.orientation == (0, 1, 0, 0, 0, -1)


def test_the_enhanced_perfusion_ct_has_two_slices() -> None:
    (stack,) = real("ct/enhanced-perfusion")
    assert len(stack.entries) == 2 and stack.spatial
    assert stack.spacing_mm == pytest.approx(10)
    assert stack.words == ""  # its colours are shown: nothing says that they aren't


def test_clips_play_at_their_rate() -> None:
    assert [(len(stack.entries), stack.cine and stack.cine.rate) for stack in real("xa/xa-96f-jpeg.dcm")] == [
        (96, 30.303)
    ]
    assert [len(stack.entries) for stack in real("us/echo-cine-34f-hp.dcm")] == [34]
