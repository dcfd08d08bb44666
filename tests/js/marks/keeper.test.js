import { describe, expect, it, vi } from "vitest";
import { ApiError } from "../../../static/js/shared/api.js";
import { Unsaved } from "../../../static/js/marks/unsaved.js";
import { Keeper } from "../../../static/js/marks/keeper.js";

/** @type {import("../../../static/js/viewer/surface.js").Ground} */
const GROUND = {
  space: "patient", archive: "main", study: "1.2", series: "1.2.1", frame_of_reference: "9.9", instance: "1.2.1.4", frame: 1, stack: "s", plane: null,
};
const POINTS = [[0, 0, 0], [3, 4, 0]];
const OTHERS = [[0, 0, 0], [6, 8, 0]];
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A server in a few lines: versions, conflicts, and being down. @returns {any} */
function server() {
  const rows = new Map();
  /** @type {any} */
  const now = {
    down: false, rows,
    list: vi.fn(async () => ({ measurements: [...rows.values()].filter(({ deleted }) => !deleted), may_mark: true })),
    add: vi.fn(async (/** @type {string} */ archive, /** @type {string} */ study, /** @type {any} */ body) => {
      if (now.down) throw new ApiError(now.status ?? 0, "The server does not answer.");
      if (!rows.has(body.id)) rows.set(body.id, { ...body, value: 5, version: 1, deleted: false, mine: true, report: { state: "none" } });
      return rows.get(body.id);
    }),
    change: vi.fn(async (/** @type {string} */ id, /** @type {any} */ { version, ...body }) => {
      if (now.down) throw new ApiError(now.status ?? 0, "The server does not answer.");
      const row = rows.get(id);
      if (row.version !== version) throw Object.assign(new Error("changed"), { status: 409, body: { measurement: row } });
      rows.set(id, { ...row, ...body, version: version + 1 });
      return rows.get(id);
    }),
  };
  return now;
}

describe("a line that is drawn", () => {
  it("is there at once and saved once", async () => {
    const door = server();
    const keeper = new Keeper(door);
    const id = keeper.draw(GROUND, POINTS);
    expect(keeper.marks).toHaveLength(1);
    await settled();
    expect(door.add).toHaveBeenCalledTimes(1);
    expect(keeper.mark(id)).toMatchObject({ busy: false, failed: "", row: { version: 1 } });
    expect(keeper.unsaved).toEqual([]);
  });

  it("is moved while it is on its way: what was wanted last arrives", async () => {
    const door = server();
    const keeper = new Keeper(door);
    const id = keeper.draw(GROUND, POINTS);
    keeper.change(id, { points: OTHERS });
    keeper.change(id, { label: "node" });
    await settled();
    expect(door.rows.get(id)).toMatchObject({ points: OTHERS, label: "node", version: 2 });
  });

  it("stays when it can't be saved, and is sent again under the same id", async () => {
    const door = server();
    const keeper = new Keeper(door);
    door.down = true;
    const id = keeper.draw(GROUND, POINTS);
    await settled();
    expect(keeper.mark(id)?.failed).toContain("does not answer");
    keeper.receive("main", "1.2", { measurements: [], may_mark: true });
    expect(keeper.marks).toHaveLength(1);
    door.down = false;
    keeper.retry(id);
    await settled();
    expect(keeper.mark(id)).toMatchObject({ failed: "", row: { version: 1 } });
    expect([...door.rows.keys()]).toEqual([id]);
  });

  it("isn't forgotten by an answer that was asked for before it was saved", async () => {
    const door = server();
    const keeper = new Keeper(door);
    let answer = (/** @type {any} */ told) => told;
    door.list.mockImplementationOnce(() => new Promise((/** @type {any} */ resolve) => (answer = resolve)));
    const asked = keeper.fetch("main", "1.2");
    keeper.draw(GROUND, POINTS);
    await settled();
    answer({ measurements: [], may_mark: true });
    await asked;
    expect(keeper.marks).toHaveLength(1);
  });
});

describe("undo and redo", () => {
  it("go back and forth through drawing, moving and taking away", async () => {
    const door = server();
    const keeper = new Keeper(door);
    const id = keeper.draw(GROUND, POINTS);
    await settled();
    keeper.change(id, { points: OTHERS });
    keeper.change(id, { deleted: true });
    await settled();
    expect(keeper.marks).toEqual([]);
    keeper.undo();
    keeper.undo();
    await settled();
    expect(door.rows.get(id)).toMatchObject({ points: POINTS, deleted: false });
    keeper.undo();
    await settled();
    expect(door.rows.get(id).deleted).toBe(true);
    expect(keeper.undo()).toBe(false);
    keeper.redo();
    keeper.redo();
    await settled();
    expect(door.rows.get(id)).toMatchObject({ points: OTHERS, deleted: false });
  });
});

describe("others", () => {
  it("appear, change and go", async () => {
    const keeper = new Keeper(server());
    /** @type {any} */
    const row = { id: "b", ...GROUND, points: POINTS, label: "", deleted: false, version: 1, value: 5, mine: false, report: { state: "none" } };
    keeper.receive("main", "1.2", { measurements: [row], may_mark: false });
    expect(keeper.of("main/1.2")).toHaveLength(1);
    keeper.change("b", { label: "mine now" });
    expect(keeper.mark("b")?.wanted.label).toBe("");
    keeper.receive("main", "1.2", { measurements: [{ ...row, version: 2, label: "node" }], may_mark: false });
    expect(keeper.mark("b")?.wanted.label).toBe("node");
    keeper.receive("main", "1.2", { measurements: [], may_mark: false });
    expect(keeper.marks).toEqual([]);
  });

  it("that were faster are shown, and what was wanted here can be had by undo", async () => {
    const door = server();
    const overtaken = vi.fn();
    const keeper = new Keeper(door, { overtaken });
    const id = keeper.draw(GROUND, POINTS);
    await settled();
    door.rows.set(id, { ...door.rows.get(id), label: "other window", version: 5 });
    keeper.change(id, { points: OTHERS });
    await settled();
    expect(overtaken).toHaveBeenCalledTimes(1);
    expect(keeper.mark(id)).toMatchObject({ wanted: { label: "other window" }, row: { version: 5 } });
    keeper.undo();
    keeper.redo();
    await settled();
    expect(door.rows.get(id).points).toEqual(OTHERS);
  });
});

describe("while the line is down", () => {
  /** @returns {any} */
  const storage = () => {
    const kept = {};
    return Object.defineProperties(kept, Object.fromEntries(Object.entries({
      getItem: (/** @type {string} */ key) => /** @type {any} */ (kept)[key] ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => Object.assign(kept, { [key]: value }),
      removeItem: (/** @type {string} */ key) => delete /** @type {any} */ (kept)[key],
    }).map(([name, value]) => [name, { value, enumerable: false }])));
  };

  it("what is drawn is sent again by itself, with a growing pause and one id", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("window", globalThis);
    const door = server();
    const keeper = new Keeper(door);
    const unsaved = new Unsaved(keeper, { user: 1, storage: storage() });
    unsaved.restore("main/1.2");
    door.down = true;
    const id = keeper.draw(GROUND, POINTS);
    for (const [after, tries] of [[0, 1], [1000, 2], [2000, 3], [4000, 4]]) {
      await vi.advanceTimersByTimeAsync(after ?? 0);
      expect(door.add).toHaveBeenCalledTimes(tries ?? 0);
    }
    expect(unsaved.some).toBe(true);
    expect(keeper.mark(id)?.failed).not.toBe("");
    door.down = false;
    unsaved.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect([unsaved.some, [...door.rows.keys()]]).toEqual([false, [id]]);
    vi.useRealTimers();
  });

  it("what the server refuses isn't asked again", async () => {
    vi.useFakeTimers();
    const door = server();
    const keeper = new Keeper(door);
    new Unsaved(keeper, { user: 1, storage: storage() });
    Object.assign(door, { down: true, status: 400 });
    keeper.draw(GROUND, POINTS);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(door.add).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });

  it("what isn't saved is there after a reload, for the same user only", async () => {
    const door = server();
    const kept = storage();
    const before = new Keeper(door);
    new Unsaved(before, { user: 1, storage: kept }).restore("main/1.2");
    Object.assign(door, { down: true, status: 400 });
    const id = before.draw(GROUND, POINTS);
    before.change(id, { label: "node" });
    await settled();
    door.down = false;
    const after = new Keeper(door);
    new Unsaved(after, { user: 1, storage: kept }).restore("main/1.2");
    expect(after.marks).toHaveLength(1);
    await settled();
    expect(door.rows.get(id)).toMatchObject({ points: POINTS, label: "node" });
    expect(Object.keys(kept)).toEqual([]);
    kept.setItem("samsyn.marks.1.main/1.2", "[]");
    new Unsaved(new Keeper(door), { user: 2, storage: kept });
    expect(Object.keys(kept)).toEqual([]);
  });
});
