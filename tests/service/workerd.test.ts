// Service tokens in workerd, where a promise belongs to the request that made it, and requests are
// cancelled. The log of workerd says when one waits for another's work.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response as MiniflareResponse } from "miniflare";
import { CROSSED, moment, until } from "../edge/workerd/clients.ts";
import { startBehindFront } from "../edge/workerd/start.ts";

interface Means {
  readonly url: URL;
  /** Requests for tokens. */
  grants: number;
  /** Calls that the API got. */
  calls: number;
  /** Requests that will hang up at `hangUp`. */
  waiting: number;
  readonly hangUp: ReturnType<typeof moment>;
  /** How long the token endpoint takes for the request of this number. */
  grant(count: number): Promise<unknown>;
  /** What the API says of a token. */
  status(token: string): number;
  lifetime: number;
}

async function withWorker(work: (means: Means) => Promise<void>): Promise<void> {
  const means: Means = {
    url: new URL("https://unknown.example"),
    grants: 0,
    calls: 0,
    waiting: 0,
    hangUp: moment(),
    grant: async () => undefined,
    status: () => 200,
    lifetime: 600,
  };
  const outside = async (request: import("miniflare").Request) => {
    if (new URL(request.url).pathname !== "/token") {
      means.calls += 1;
      const token = request.headers.get("Authorization")?.replace("Bearer ", "") ?? "none";
      const text = `${token}${request.method === "POST" ? ` ${await request.text()}` : ""}`;
      return new MiniflareResponse(text, { status: means.status(token) });
    }
    const count = (means.grants += 1);
    await means.grant(count);
    return MiniflareResponse.json({
      access_token: `token-${count}`,
      token_type: "Bearer",
      expires_in: means.lifetime,
    });
  };
  const gate = () => ((means.waiting += 1), means.hangUp.come);
  const { miniflare, url, log } = await startBehindFront(
    "../../service/workerd/calls-worker.ts",
    outside,
    gate,
  );
  try {
    await work(Object.assign(means, { url }));
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    await miniflare.dispose();
  }
}

/** What a request to the Worker is answered, or what came of hanging up. */
async function ask({ url }: Means, path: string, hangsUp = false): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    headers: hangsUp ? { "X-Hang-Up": "yes" } : {},
    signal: AbortSignal.timeout(60_000),
  });
  return response.json();
}

for (const path of ["/own", "/look-alike", "/without"])
  test(`service_U2_twenty_cold_requests_in_one_isolate_make_at_most_two_grants, ${path}, in workerd`, async () => {
    await withWorker(async (means) => {
      means.grant = () => sleep(200);
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(means, path)));
      assert.ok(means.grants <= 2, `${means.grants} grants`);
      assert.ok(
        answers.every((answer) => /^token-[12]$/.test(String(answer))),
        String(answers),
      );
    });
  });

test("service_U2_when_the_first_is_cancelled_all_others_are_answered, in workerd", async () => {
  await withWorker(async (means) => {
    const release = moment();
    means.grant = (count) => (count === 1 ? release.come : sleep(0));
    const first = ask(means, "/own", true);
    await until(() => means.grants === 1 && means.waiting === 1);
    const others = Array.from({ length: 19 }, () => ask(means, "/own"));
    means.hangUp.now();
    assert.equal(await first, "hung up");
    const answers = await Promise.all(others);
    assert.deepEqual([...new Set(answers)], ["token-2"]);
    assert.equal(means.grants, 2);
    release.now();
  });
});

test("service_U2_calls_of_one_request_share_one_grant, in workerd", async () => {
  await withWorker(async (means) => {
    assert.equal(await ask(means, "/twice"), "token-1");
    assert.deepEqual([means.grants, means.calls], [1, 5]);
  });
});

test("service_U3_a_renewal_outlives_the_answer, in workerd", async () => {
  await withWorker(async (means) => {
    const release = moment();
    // Due after at most half of these seconds.
    means.lifetime = 12;
    means.grant = (count) => (count === 1 ? sleep(0) : release.come);
    for (; means.grants < 2; await sleep(100)) assert.equal(await ask(means, "/own"), "token-1");
    assert.equal(await ask(means, "/own"), "token-1", "nobody waits");
    assert.equal(means.grants, 2);
    release.now();
    for (; (await ask(means, "/own")) !== "token-2"; ) await sleep(20);
    assert.equal(means.grants, 2);
  });
});

test("service_U11_a_401_causes_one_retry_with_the_same_body, in workerd", async () => {
  await withWorker(async (means) => {
    assert.equal(await ask(means, "/body"), "token-1 a body");
    // A token that came less than ten seconds ago is not renewed.
    means.status = (token) => (token === "token-1" ? 401 : 200);
    assert.equal(await ask(means, "/body"), "token-1 a body");
    assert.deepEqual([means.grants, means.calls], [1, 2]);
    await sleep(10_000);
    assert.equal(await ask(means, "/body"), "token-2 a body");
    assert.deepEqual([means.grants, means.calls], [2, 4]);
  });
});

test("service_U32_what_another_request_has_left_is_closed_and_does_nothing, in workerd", async () => {
  await withWorker(async (means) => {
    assert.equal(await ask(means, "/kept"), "token-1");
    const { calls } = means;
    assert.equal(await ask(means, "/kept"), "closed");
    assert.deepEqual([means.grants, means.calls], [1, calls]);
    assert.equal(await ask(means, "/own"), "token-1");
  });
});
