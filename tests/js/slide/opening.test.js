import { describe, expect, it } from "vitest";
import { beside, shelf } from "../../../static/js/viewer/shelf.js";
import { receiveSeries, receiveStudy } from "../../../static/js/viewer/answers.js";
import { initial, pane, paneAt } from "../../../static/js/viewer/state.js";
import { slide } from "./slide.js";

const study = (/** @type {string} */ uid, /** @type {string} */ modality) => ({
  archive: "main", study: uid, patient: slide().patient, study_date: "2026-01-02", studies: [
    { archive: "main", study: "1", date: "20260101", modalities: "CT", description: "", instances: 9, current: true },
    { archive: "main", study: "2", date: "20260102", modalities: "SM", description: "", instances: 6, current: false },
  ],
  series: [{ uid: `${uid}.1`, number: 1, modality, description: "", instances: 9, viewable: null, words: "" }],
});
const listing = { digest: "d", listed: 6, received: 6, failed: 0, unsupported: 0, total_known: true, stacks: [], slides: [slide()], not_viewable: [] };

/** A CT on the screen, its patient's slide known by name. */
function reading() {
  const known = receiveStudy(receiveStudy(initial("main", "1"), "main/1", study("1", "CT")), "main/2", study("2", "SM"));
  return { ...known, panes: [pane({ kind: "stack", archive: "main", study: "1", series: "1.1", stack: "" })] };
}

describe("a series of slides", () => {
  it("becomes a slide in its pane once the server says what it is", () => {
    const state = { ...reading(), panes: [pane({ kind: "stack", archive: "main", study: "2", series: "2.1", stack: "" }, { text: "identity" })] };
    expect(paneAt(receiveSeries(state, "main/2/2.1", listing))).toMatchObject({ source: { kind: "slide", series: "2.1", slide: "s" }, width: null, text: "identity" });
  });

  it("is one thumbnail for each slide, of a level that is just large enough", () => {
    const items = shelf(receiveSeries(reading(), "main/2/2.1", listing), "main/2");
    expect(items).toMatchObject([{ viewable: true, title: "S26-1 A1 · HE", instance: "1.277", source: { kind: "slide", slide: "s" } }]);
  });

  it("comes beside a CT, and a CT beside a slide", () => {
    const state = receiveSeries(reading(), "main/2/2.1", listing);
    expect(beside(state)[0]?.source).toMatchObject({ kind: "slide", study: "2" });
    const onSlide = { ...state, panes: beside(state).slice(0, 1) };
    expect(beside(onSlide)[0]?.source).toMatchObject({ kind: "stack", study: "1" });
  });
});
