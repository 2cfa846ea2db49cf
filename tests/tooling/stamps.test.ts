// What makes a second run quick: work is skipped while its inputs and outputs are unchanged, and
// builds take turns.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { alone, hashOf, unlessDone } from "../../scripts/lib/stamps.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = "build/stamps-under-test";
const what = { name: "under-test", inputs: [`${folder}/in`], outputs: [`${folder}/out`] };
const write = (name: string, content: string) => {
  mkdirSync(`${root}${folder}/${name}`, { recursive: true });
  writeFileSync(`${root}${folder}/${name}/file`, content);
};
const clear = () => {
  rmSync(`${root}${folder}`, { recursive: true, force: true });
  rmSync(`${root}build/stamps/under-test.json`, { force: true });
};
before(clear);
after(clear);

test("work is done once, and again when an input, an output or a word changes", async () => {
  let runs = 0;
  const work = async () => {
    write("out", "result");
    return (runs += 1);
  };
  write("in", "one");
  assert.deepEqual(await unlessDone(what, work), { result: 1, fresh: true });
  assert.deepEqual(await unlessDone(what, work), { result: 1, fresh: false });
  write("in", "two");
  assert.deepEqual(await unlessDone(what, work), { result: 2, fresh: true });
  write("out", "somebody else's");
  assert.deepEqual(await unlessDone(what, work), { result: 3, fresh: true });
  assert.deepEqual(await unlessDone({ ...what, words: ["another compiler"] }, work), {
    result: 4,
    fresh: true,
  });
});

test("work that fails leaves no stamp behind", async () => {
  write("in", "three");
  await assert.rejects(
    unlessDone(what, () => Promise.reject(new Error("no"))),
    /no/,
  );
  const { fresh } = await unlessDone(what, async () => write("out", "result"));
  assert.ok(fresh);
});

test("a hash tells apart what is in which file", () => {
  write("in", "ab");
  const one = hashOf([`${folder}/in`]);
  write("in", "a");
  assert.notEqual(hashOf([`${folder}/in`]), one);
  assert.notEqual(hashOf([`${folder}/in`], ["b"]), hashOf([`${folder}/in`]));
});

test("two builds take turns", async () => {
  const order: string[] = [];
  const turn = (name: string) =>
    alone(async () => {
      order.push(`${name} begins`);
      await pause(50);
      order.push(`${name} ends`);
    });
  await Promise.all([turn("first"), turn("second")]);
  assert.deepEqual(order, ["first begins", "first ends", "second begins", "second ends"]);
});
