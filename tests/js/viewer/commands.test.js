/** @import { Stack, State } from "../../../static/js/viewer/state.js" */
import { describe, expect, it } from "vitest";
import { bindings, COMMANDS, fileWindows, GROUPS } from "../../../static/js/viewer/commands.js";
import { chord } from "../../../static/js/shared/keys.js";
import { paneAt, stackOf } from "../../../static/js/viewer/state.js";
import { greyQuery } from "../../../static/js/viewer/wishes.js";
import { open, stack, stackAt } from "./stacks.js";

const byId = (/** @type {string} */ id) => /** @type {import("../../../static/js/viewer/commands.js").Command} */ (COMMANDS.find((command) => command.id === id));

describe("the table of commands", () => {
  it("gives no key to two commands of one kind of image", () => {
    for (const kind of ["slide", "space", "space-mr", undefined]) {
      const keys = COMMANDS.filter(({ only }) => only === kind).flatMap((command) => command.keys);
      expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    }
  });

  it("lets a slide's own commands take their keys on slides alone", () => {
    expect(bindings({}, ["slide"]).get("4")?.id).toBe("slide-10x");
    expect(bindings({}).get("4")?.id).toBe("window-brain");
    expect(bindings({}, ["slide"]).get("PageDown")?.id).toBe("next-series");
  });

  it("lets a volume in three dimensions take its own, and that of MR its presets", () => {
    expect(["1", "C", "Ctrl+Z", "ArrowLeft", "B"].map((key) => bindings({}, ["space"]).get(key)?.id)).toEqual(["space-ct-bone", "space-spin", "space-undo", "space-turn-left", "side"]);
    expect(bindings({}, ["space", "space-mr"]).get("1")?.id).toBe("space-mr-brain");
    expect(bindings().get("1")?.id).toBe("window-soft-tissue");
  });

  it("names every command once, with a label, in a group that is shown", () => {
    expect(new Set(COMMANDS.map(({ id }) => id)).size).toBe(COMMANDS.length);
    for (const command of COMMANDS) {
      expect(command.label(), command.id).toMatch(/\S/);
      expect(GROUPS.map(([group]) => group)).toContain(command.group);
      expect(command.run ?? command.effect ?? command.onSlide, command.id).toBeDefined();
    }
  });

  it("reaches everything but two rare windows, the slabs, single stages, planes, volumes and colour maps by a key", () => {
    const without = COMMANDS.filter(({ keys }) => !keys.length).map(({ id }) => id);
    expect(without.filter((id) => !/^(slab|alone|pair|four|colormap)-/.test(id))).toEqual(["window-air", "window-temporal-bone"]);
  });

  it("needs neither AltGr nor a dead key", () => {
    for (const key of COMMANDS.flatMap((command) => command.keys)) expect(key).not.toMatch(/[~^`´¨@#\\|{}[\]]/);
  });
});

describe("a user's own keys", () => {
  it("take the place of the table's", () => {
    const bound = bindings({ invert: ["N"] });
    expect(bound.get("N")?.id).toBe("invert");
    expect(bound.has("I")).toBe(false);
    expect(bound.get("R")?.id).toBe("rotate");
  });
});

describe("chords", () => {
  const press = (/** @type {Partial<KeyboardEvent>} */ event) =>
    chord({ key: "", code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...event });

  it("go by the digit's place, whatever it types with Shift", () => {
    expect(press({ key: "2", code: "Digit2" })).toBe("2");
    expect(press({ key: "=", code: "Digit0", shiftKey: true })).toBe("Shift+0");
    expect(press({ key: "é", code: "Digit2" })).toBe("2");
    expect(press({ key: "5", code: "Numpad5" })).toBe("5");
  });

  it("go by the letter that is typed", () => {
    expect(press({ key: "w", code: "KeyZ" })).toBe("W");
    expect(press({ key: "F", code: "KeyF", shiftKey: true })).toBe("Shift+F");
    expect(press({ key: "k", code: "KeyK", metaKey: true })).toBe("Ctrl+K");
  });

  it("leave Shift out of a sign's name", () => {
    expect(press({ key: "?", code: "Minus", shiftKey: true })).toBe("?");
    expect(press({ key: "ArrowDown", code: "ArrowDown", shiftKey: true })).toBe("Shift+ArrowDown");
    expect(press({ key: " ", code: "Space" })).toBe("Space");
  });

  it("are nothing for a modifier or a dead key", () => {
    expect(press({ key: "Shift", code: "ShiftLeft", shiftKey: true })).toBe("");
    expect(press({ key: "Dead", code: "BracketRight" })).toBe("");
  });
});

describe("windows by key", () => {
  it("set a CT's preset", () => {
    expect(stackAt(byId("window-lung").run?.(open()) ?? open())?.voi).toEqual({ center: -600, width: 1500, function: "LINEAR" });
  });

  it("do nothing where Hounsfield units mean nothing", () => {
    const state = open(stack({ modality: "MR", unit: "" }));
    expect(byId("window-lung").run?.(state)).toBe(state);
    expect(byId("window-lung").offered?.(state)).toBe(false);
  });

  it("go round the file's own windows", () => {
    const own = byId("window-file").run ?? ((state) => state);
    expect(stackAt(own(open()))?.voi).toEqual({ choice: 0 });
    expect(stackAt(own(own(open())))?.voi).toEqual({ choice: 1 });
    expect(stackAt(own(own(own(open()))))?.voi).toEqual({ choice: 0 });
  });

  it("go round the file's tables too, and round what each image has of its own", () => {
    const own = byId("window-file").run ?? ((state) => state);
    const asked = (/** @type {State} */ state) => greyQuery(stackAt(state)?.voi ?? null, false, /** @type {Stack} */ (stackOf(state, paneAt(state))));
    const table = { center: 512, width: 1024, function: "LUT", explanation: "BONE" };
    const both = open(stack({ windows: [{ center: 50, width: 350, function: "LINEAR" }, table] }));
    expect([asked(own(both)), asked(own(own(both))), asked(own(own(own(both))))]).toEqual(["window=50,350,linear", "voi=1", "window=50,350,linear"]);
    expect(fileWindows(both).map(({ label }) => label())).toEqual(["The file's 1: W 350 L 50", "The file's 2: BONE · lookup table"]);
    expect(asked(fileWindows(both)[1]?.run?.(both) ?? both)).toBe("voi=1");
    const each = open(stack({ windows: [], window: null, window_count: 2 }));
    expect([asked(each), asked(own(each)), asked(own(own(each)))]).toEqual(["", "voi=0", "voi=1"]);
  });

  it("invert no colours", () => {
    const state = open(stack({ colour: true }));
    expect(byId("invert").run?.(state)).toBe(state);
  });
});
