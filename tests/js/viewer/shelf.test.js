import { describe, expect, it } from "vitest";
import { persons } from "../../../static/js/viewer/identity.js";
import { beside, candidates, first, isOf, listStudy, nextSeries, nextStudy, shelf } from "../../../static/js/viewer/shelf.js";
import { arrange } from "../../../static/js/viewer/panes.js";
import { receiveSeries, receiveStudy } from "../../../static/js/viewer/answers.js";
import { initial, pane, paneAt } from "../../../static/js/viewer/state.js";
import { open, series, SOURCE, stack, study } from "./stacks.js";

const known = () => receiveStudy(initial("main", "1.2"), "main/1.2", study());

describe("the thumbnails", () => {
  it("show every series, and the kind of what can't be opened", () => {
    expect(shelf(known(), "main/1.2").map(({ title, viewable, words }) => [title, viewable, words])).toEqual([
      ["Scout", true, "2 images"], ["Thorax", true, "120 images"], ["Lobes", false, "segmentation"],
    ]);
  });

  it("show a series of several stacks as several", () => {
    const state = receiveSeries(known(), "main/1.2/1.2.4", series(stack({ title: "Lung" }), stack({ key: "b", title: "Soft" }, 1)));
    expect(shelf(state, "main/1.2").map(({ title, words }) => [title, words])).toContainEqual(["Thorax · Soft", "1 image"]);
  });

  it("say what a series turned out to be", () => {
    const none = { ...series(), not_viewable: [{ instance: "1", words: "PET image" }] };
    expect(shelf(receiveSeries(known(), "main/1.2/1.2.4", none), "main/1.2")[1]).toMatchObject({ viewable: false, words: "PET image" });
  });
});

it("opens with the first series of some length, not with the scout", () => {
  expect(first(known(), "main/1.2")?.series).toBe("1.2.4");
  expect(first(initial("main", "1.2"), "main/1.2")).toBe(null);
});

it("pages through what can be shown", () => {
  const state = open();
  expect(paneAt(nextSeries(state, -1))?.source.series).toBe("1.2.3");
  expect(nextSeries(state, 1)).toBe(state);
});

describe("priors", () => {
  const prior = study({ study: "1.1", study_date: "2023-09-01", series: study().series.map((each) => ({ ...each, uid: `${each.uid}.9` })) });

  it("are listed first, and shown once they are known", () => {
    const asked = nextStudy(open(), -1);
    expect(asked.listed).toBe("main/1.1");
    expect(paneAt(asked)?.source.study).toBe("1.2");
    const answered = listStudy(receiveStudy(asked, "main/1.1", prior), "main/1.1");
    expect(paneAt(answered)?.source).toMatchObject({ study: "1.1", series: "1.2.4.9" });
  });

  it("fill the second pane of a layout, after the lung window", () => {
    const offered = candidates(receiveStudy(open(), "main/1.1", prior));
    expect(offered.map(({ source }) => source.study)).toEqual(["1.2", "1.1", "1.2"]);
    expect(offered).toMatchObject([{ voi: { width: 1500 } }, { voi: null }, { voi: null }]);
  });
});

it("gives a CT its last prior CT beside it, and only then the slide", () => {
  const { study: _own, ...rest } = study();
  const dots = [
    { archive: "main", study: "1.0", date: "2022-01-01", modalities: "CT", description: "", instances: 60, current: false },
    ...study().studies,
    { archive: "main", study: "2.1", date: "2024-05-09", modalities: "SM", description: "", instances: 6, current: false },
    { archive: "main", study: "2.2", date: "2024-06-09", modalities: "CT", description: "", instances: 6, current: false },
  ];
  const of = (/** @type {string} */ uid, modality = "CT") =>
    ({ ...rest, study: uid, studies: dots, series: [{ uid: `${uid}.1`, number: 1, modality, description: "", instances: 60, viewable: null, words: "" }] });
  const slide = receiveStudy(receiveStudy(open(), "main/1.2", study({ studies: dots })), "main/2.1", of("2.1", "SM"));
  expect(beside(slide)[0]?.source.study).toBe("2.1");
  const all = ["1.0", "1.1", "2.2"].reduce((state, uid) => receiveStudy(state, `main/${uid}`, of(uid)), slide);
  expect(beside(all).slice(0, 2).map(({ source }) => source.study)).toEqual(["1.1", "2.1"]);
});

it("says where a series of measurements is shown", () => {
  const told = study({ series: [{ uid: "9", number: 9, modality: "SR", description: "Measurements", instances: 1, viewable: false, words: "3 lengths, shown under Findings", told: true }] });
  expect(shelf(receiveStudy(known(), "main/1.2", told), "main/1.2")).toMatchObject([{ viewable: false, isTold: true, words: "3 lengths, shown under Findings" }]);
});

it("knows a thumbnail's panes before and after its stacks are told", () => {
  const item = /** @type {import("../../../static/js/viewer/shelf.js").Item} */ (shelf(known(), "main/1.2")[1]);
  expect(isOf(item, pane(SOURCE))).toBe(true);
  expect(isOf(item, pane({ ...SOURCE, series: "1.2.3" }))).toBe(false);
});

describe("two persons on one screen", () => {
  const anna = { name: "Ek, Anna", id: "7", birth_date: "1950-01-01", sex: "F", age: "" };
  const two = () => arrange(open(), 1, 2, [pane({ ...SOURCE, study: "6.6" })]);

  it("are told by their keys before any picture is there", () => {
    const other = study({ study: "6.6", patient: { ...study().patient, key: "p2" } });
    expect(persons(receiveStudy(two(), "main/6.6", other), [null, null])).toBe("two");
    expect(persons(receiveStudy(two(), "main/6.6", study({ study: "6.6" })), [null, null])).toBe("same");
  });

  it("are told by what the pictures say", () => {
    expect(persons(two(), [anna, { ...anna, name: "Ek, Anne" }])).toBe("differing");
    expect(persons(two(), [anna, anna])).toBe("same");
  });

  it("are not two when only one of them is on the screen", () => {
    expect(persons({ ...two(), maximised: true }, [anna, { ...anna, id: "8" }])).toBe("same");
  });
});
