import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeWorkers } from "./support/fake-worker.mjs";
import { load } from "./support/load.mjs";

const { OpenedModel, PlanningWorker } = await load("planning.ts");

/** Handles of a fake worker are unknown to any other, as a module's are. */
function planner(breakOn = () => false) {
  const calls = [];
  const known = new WeakMap();
  const workers = fakeWorkers((message, worker) => {
    calls.push(message.call);
    if (breakOn(message, workers.made.length)) return worker.crash("trap");
    const handles = known.get(worker) ?? new Set();
    known.set(worker, handles);
    const { handle, plan } = message.arguments;
    for (const used of [handle, plan]) {
      if (used !== undefined && !handles.has(used)) {
        return worker.say({ id: message.id, error: { code: "internal", message: `no ${used}` } });
      }
    }
    const made = Math.random();
    handles.add(made);
    const answers = {
      open: { handle: made, inspection: { name: "net" } },
      plan: { plan: made, files: [], reduces: [] },
      steps: [],
    };
    worker.say({ id: message.id, ok: answers[message.call] });
  });
  return { worker: new PlanningWorker(workers.make), calls, made: workers.made };
}

test("calls come in turn, with the handles that belong to them", async () => {
  const { worker, calls } = planner();
  const model = new OpenedModel(worker, []);
  assert.deepEqual(await model.open(), { name: "net" });
  const [first, second] = await Promise.all([model.plan({}), model.plan({})]);
  await Promise.all([first.steps(0, [], {}), second.steps(0, [], {}), first.release()]);
  assert.deepEqual(calls, ["open", "plan", "plan", "steps", "steps", "releasePlan"]);
});

test("after the planning worker broke, model and plan are opened anew in the next", async () => {
  let broken = false;
  const { worker, calls, made } = planner((message) => {
    if (message.call !== "steps" || broken) return false;
    broken = true;
    return true;
  });
  const model = new OpenedModel(worker, []);
  await model.open();
  const plan = await model.plan({});
  assert.deepEqual(await plan.steps(0, [], {}), []);
  assert.equal(made.length, 2);
  assert.deepEqual(calls, ["open", "plan", "steps", "open", "plan", "steps"]);
});

test("a file that breaks two planning workers is an error; the next file opens", async () => {
  const { worker, made } = planner(
    (message) => message.call === "open" && message.arguments.files[0] === "bad",
  );
  await assert.rejects(new OpenedModel(worker, ["bad"]).open(), { code: "worker-failed" });
  assert.equal(made.length, 2);
  assert.deepEqual(await new OpenedModel(worker, ["good"]).open(), { name: "net" });
});

test("a closed model converts no more", async () => {
  const { worker } = planner();
  const model = new OpenedModel(worker, []);
  await model.open();
  await model.close();
  await assert.rejects(model.plan({}), { code: "closed" });
});
