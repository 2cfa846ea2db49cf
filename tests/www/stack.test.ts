// The stack: what it keeps over a restart, what it says of a taken port, and that its database
// holds no secret.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { decodeProtectedHeader } from "jose";
import { startStack } from "../../www/stack.mjs";
import { FREE_PORTS, Visitor } from "./harness.ts";

const folder = await mkdtemp(join(tmpdir(), "tokenkeep-stack-"));
after(() => rm(folder, { recursive: true, force: true }));

test("a session and the signing key survive a restart; refresh tokens lie there as hashes only", async () => {
  const persist = join(folder, "state");
  const first = await startStack({ ports: FREE_PORTS, persist });
  const visitor = new Visitor(first);
  const { access_token: before } = await visitor.signIn();
  await visitor.refresh();
  await first.close();

  const cookie = visitor.cookie ?? "";
  const database = await bytesBelow(persist);
  assert.ok(!database.includes(cookie), "the refresh token itself is in the database");
  assert.ok(
    database.includes(createHash("sha256").update(cookie).digest("base64url")),
    "its hash is not",
  );
  assert.ok(!database.includes(before), "an access token is in the database");

  const second = await startStack({ ports: FREE_PORTS, persist });
  try {
    const { access_token: later } = await new Visitor(second, cookie).refresh();
    assert.equal(decodeProtectedHeader(later).kid, decodeProtectedHeader(before).kid);
  } finally {
    await second.close();
  }
});

test("the page's files go out through its Worker, which knows the two other origins", async () => {
  const appDirectory = join(folder, "app");
  await mkdir(appDirectory);
  await writeFile(join(appDirectory, "index.html"), "<!doctype html><title>page</title>");
  const stack = await startStack({ ports: FREE_PORTS, appDirectory });
  try {
    const page = await fetch(stack.app);
    assert.match(await page.text(), /<title>page/);
    assert.match(
      page.headers.get("Content-Security-Policy") ?? "",
      new RegExp(`connect-src 'self' ${stack.authority} ${stack.api}`),
    );
    const config = (await (await fetch(`${stack.app}/config.json`)).json()) as Record<
      string,
      unknown
    >;
    assert.equal(config.authority, stack.authority);
    assert.equal(config.api, stack.api);
  } finally {
    await stack.close();
  }
});

test("a page that is built anew is served, with a new validator, and sessions go on", async () => {
  const appDirectory = join(folder, "rebuilt");
  const build = async (title: string) => {
    await rm(appDirectory, { recursive: true, force: true });
    await mkdir(appDirectory);
    await writeFile(join(appDirectory, "index.html"), `<!doctype html><title>${title}</title>`);
  };
  await build("first");
  const stack = await startStack({ ports: FREE_PORTS, appDirectory });
  const page = async () => {
    const answer = await fetch(stack.app, { headers: { Connection: "close" } }).catch(() => null);
    return { text: (await answer?.text()) ?? "", etag: answer?.headers.get("ETag") };
  };
  try {
    const visitor = new Visitor(stack);
    await visitor.signIn();
    let before = await page();
    assert.match(before.text, /first/);
    for (const title of ["second", "third"]) {
      await build(title);
      const deadline = Date.now() + 60_000;
      let now = await page();
      while (!now.text.includes(title) && Date.now() < deadline) {
        await pause(50);
        now = await page();
      }
      assert.match(now.text, new RegExp(title));
      assert.notEqual(now.etag, before.etag);
      before = now;
    }
    await visitor.refresh();
  } finally {
    await stack.close();
  }
});

test("a taken port is named", async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
  });
  try {
    await assert.rejects(startStack({ ports: { ...FREE_PORTS, authority: port } }), {
      message: `Port ${port} is taken by another program.`,
      code: "EADDRINUSE",
    });
  } finally {
    other.close();
  }
});

async function bytesBelow(directory: string): Promise<Buffer> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(
    await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name)))),
  );
}
