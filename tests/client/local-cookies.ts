// What tests of cookies on the hosts of one machine share.

import type { Reply, Scene } from "./harness.ts";

export const REFRESH = "/session/refresh";

/** Refreshes whose answer sets this cookie. Returns the cookies that came with each. */
export function baking(
  { authority, app, grant }: Scene,
  cookie: string,
): () => (string | undefined)[] {
  const answer = (): Reply => {
    const { headers, ...rest } = grant();
    return { ...rest, headers: { ...headers, "Set-Cookie": cookie } };
  };
  for (const server of [authority, app]) server.on(REFRESH, answer);
  return () => [...authority.to(REFRESH), ...app.to(REFRESH)].map(({ headers }) => headers.cookie);
}

/** The page of the scene at this address, with its keep started and one refresh more. */
export async function refreshedAt(scene: Scene, host: string, refresh: string): Promise<void> {
  const { page, app } = scene;
  await page.goto(`http://${host}:${app.port}`);
  await page.waitForFunction(() => "stage" in globalThis);
  await page.evaluate(async (refresh) => {
    globalThis.keep = stage.make({ refresh });
    await keep.start();
    await keep.refresh();
  }, refresh);
}
