// What tests of the documents' code share: blocks run in the page of a scene, with servers of the
// test in place of the documents' addresses.

import { blocks } from "../docs/blocks.ts";
import { bundled, type Scene, script } from "./harness.ts";

/** Runs a program that imports blocks. Its exports become globals of the page. */
export async function run(scene: Scene, text: string): Promise<void> {
  const { app, page, at } = scene;
  const moved = { "https://auth.example.com": at.authority, "https://api.example.com": at.api };
  const program = await bundled({ text, plugins: [blocks(moved)] });
  const path = `/${crypto.randomUUID()}.js`;
  app.on(path, () => script(program));
  await page.evaluate(async (url) => void Object.assign(globalThis, await import(url)), path);
}

/** Makes functions that a block takes for granted. Returns their calls, with the arguments. */
export async function granted(scene: Scene, ...names: string[]): Promise<() => Promise<string[]>> {
  await scene.page.evaluate((wanted) => {
    const calls: string[] = [];
    Object.assign(globalThis, { calls });
    for (const name of wanted)
      Object.assign(globalThis, {
        [name]: (...told: unknown[]) =>
          void calls.push([name, ...told.map((value) => JSON.stringify(value))].join(" ")),
      });
  }, names);
  return () => scene.page.evaluate(() => (globalThis as unknown as { calls: string[] }).calls);
}

/** Evaluates an expression in the page, where the exports of blocks are global. */
export const evaluate = <T = unknown>({ page }: Scene, expression: string) =>
  page.evaluate<T>(expression);

export const tokensAt = ({ api }: Scene, path: string) => api.to(path).map(({ token }) => token);
