"""Presentation states: three kinds of panes, old versions read for ever, and nothing else."""

import json
from typing import Any

import pytest

from viewer import presentation
from viewer.doors.mpr_parameters import parse
from viewer.presentation import Unreadable

WHERE = {"archive": "main", "study": "1.2.3", "series": "1.2.3.4"}
STACK = {"source": {"kind": "stack", **WHERE, "stack": "a", "instance": "1.2.3.4.5", "frame": 2}, "center": [1.5, 2.5]}
VOLUME = {
    "source": {"kind": "volume", **WHERE, "stack": "a"},
    "plane": {"point": [1.0, -2.0, 300.5], "look": [0.0, 0.0, 1.0], "up": [0.0, -1.0, 0.0]},
    "slab": {"thickness": 10.0, "method": "maximum_ip"},
    "scale": {"pixels": 2.0},
}
SLIDE = {"source": {"kind": "slide", **WHERE, "slide": "s"}, "center": [40.0, 20.0], "width": 0.5, "rotation": 90.0}


def state(*panes: Any, version: int = 2, **other: Any) -> dict[str, Any]:
    return {
        "version": version,
        "layout": {"rows": 1, "columns": len(panes)},
        "active": 0,
        "panes": list(panes),
        **other,
    }


def read(value: Any) -> dict[str, Any]:
    return presentation.read(json.dumps(value).encode())


def test_each_kind_of_pane_is_read_with_its_defaults() -> None:
    panes = json.loads(json.dumps(read(state(STACK, VOLUME, SLIDE, None))))["panes"]
    assert panes[3] is None
    for pane, wanted in zip(panes, (STACK, VOLUME, SLIDE), strict=False):
        assert pane["text"] == "all"
        for name, value in wanted.items():
            assert pane[name] == value, name
    assert panes[0]["scale"] == {"fit": 1.0} and panes[1]["center"] is None and panes[2]["flip_horizontal"] is False


def test_what_is_read_reads_again_as_itself() -> None:
    once = read(state(STACK, VOLUME, SLIDE, active=2))
    assert read(once) == once
    assert presentation.upgraded(once) is once


def test_version_1_is_read_for_ever() -> None:
    old = state(STACK, version=1)
    assert read(old) == read(state(STACK)) == presentation.upgraded(old)
    with pytest.raises(Unreadable):
        read(state(VOLUME, version=1))


def test_a_plane_may_have_the_scale_of_the_others() -> None:
    scale = {"fit": 1.0, "room": [100.0, 102.5]}
    assert read(state({**VOLUME, "scale": scale}))["panes"][0]["scale"] == scale


def test_the_studies_of_all_kinds_are_told() -> None:
    other = {**SLIDE, "source": {**SLIDE["source"], "study": "9.9"}}
    assert presentation.studies(read(state(STACK, None, other))) == {("main", "1.2.3"), ("main", "9.9")}


def changed(pane: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**pane, **values}


@pytest.mark.parametrize(
    "pane",
    [
        {}, {"source": None}, {"source": {"kind": "film", **WHERE}}, {"source": {"kind": ["stack"], **WHERE}},
        changed(VOLUME, plane=None), changed(VOLUME, plane={**VOLUME["plane"], "look": [0, 0, 2]}),
        changed(VOLUME, plane={**VOLUME["plane"], "up": [0, 0, 1]}), changed(VOLUME, plane={"point": [0, 0, 0]}),
        changed(VOLUME, slab={"thickness": -1}), changed(VOLUME, slab={"method": "volume_rendered"}),
        changed(VOLUME, center=[1, 2]), changed(VOLUME, rotation=45), changed(VOLUME, scale={"mm": 1}),
        changed(VOLUME, scale={"fit": 1, "room": [0, 5]}), changed(VOLUME, scale={"fit": 1, "room": [5]}),
        changed(STACK, center=[1, 2, 3]), changed(STACK, plane=VOLUME["plane"]), changed(STACK, name="Berg^Anna"),
        changed(SLIDE, width=0), changed(SLIDE, rotation=360), changed(SLIDE, voi={"choice": 0}),
        changed(SLIDE, source={**SLIDE["source"], "slide": "x" * 201}), "stack", 7,
        changed(SLIDE, source={**SLIDE["source"], "slide": "a\0"}),
        changed(STACK, source={**STACK["source"], "stack": "a\0b"}),
        changed(STACK, source={**STACK["source"], "stack": "\ud800"}),
        changed(STACK, source={**STACK["source"], "stack": "\udc00x"}),
        changed(STACK, source={**STACK["source"], "study": "1.2\n"}),
        changed(STACK, source={**STACK["source"], "study": "...."}),
        changed(STACK, source={**STACK["source"], "archive": "main\n"}),
        changed(VOLUME, plane={**VOLUME["plane"], "point": [1.1e6, 0, 0]}), changed(VOLUME, center=[0, 0, -1.1e6]),
        changed(SLIDE, center=[2e6, 0]),
    ],
)  # fmt: skip
def test_what_no_pane_is_is_refused(pane: Any) -> None:
    with pytest.raises(Unreadable):
        read(state(pane))


def test_what_a_state_holds_can_be_cut() -> None:
    far = {**VOLUME, "plane": {**VOLUME["plane"], "point": [1e6, -1e6, 0]}}
    assert read(state(far))["panes"][0]["plane"]["point"] == (1e6, -1e6, 0)
    assert parse("viewpointlookat=1000000,-1000000,0&orientation=f").lookat == (1e6, -1e6, 0)


def test_a_plane_may_have_a_second_volume_whose_study_needs_its_right_too() -> None:
    source = {"kind": "volume", "archive": "other", "study": "1.2.9", "series": "1.2.9.1", "stack": "p"}
    window = {"center": 2500.0, "width": 5000.0, "function": "LINEAR_EXACT"}
    fused = {"source": source, "voi": window, "colormap": "PET", "opacity": 0.25, "registration": None}
    found = read(state(changed(VOLUME, fused=fused)))
    assert found["panes"][0]["fused"] == fused
    assert presentation.studies(found) == {("main", "1.2.3"), ("other", "1.2.9")}
    assert read(state(changed(VOLUME, fused={"source": source})))["panes"][0]["fused"]["opacity"] == 0.5
    assert read(state(VOLUME))["panes"][0]["fused"] is None
    for wrong in ({"opacity": 2}, {"registration": "x"}, {"colormap": "hot"}, {"source": STACK["source"]}):
        with pytest.raises(Unreadable):
            read(state(changed(VOLUME, fused=fused | wrong)))


def test_which_movements_panes_share_is_a_part_of_it() -> None:
    assert read(state(STACK))["links"] == dict.fromkeys(("scroll", "across", "pan", "zoom", "window"), False)
    assert read(state(STACK, links={"scroll": True, "zoom": True}))["links"]["zoom"] is True
    with pytest.raises(Unreadable):
        read(state(STACK, links={"everything": True}))
