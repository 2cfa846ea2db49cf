// The page itself: its policy, its shape at both widths and in both colour schemes, and what
// assistive technology gets.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Demo, startDemo } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

test("every answer of the page's server carries the strict policy", async () => {
  for (const path of ["/", "/main.js", "/tokenkeep.js", "/config.json", "/no-such-page"]) {
    const { headers } = await fetch(demo.app + path);
    const policy = headers.get("content-security-policy") ?? "";
    const directives = policy.split("; ");
    assert.ok(directives.includes("default-src 'none'"), `${path}: ${policy}`);
    assert.ok(directives.includes("script-src 'self' 'wasm-unsafe-eval'"), `${path}: ${policy}`);
    assert.ok(
      directives.includes(`connect-src 'self' ${demo.authority} ${demo.api}`),
      `${path}: ${policy}`,
    );
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*/);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("referrer-policy"), "no-referrer", path);
  }
});

test("the policy holds in the browser: inline script and foreign origins are refused", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  const foreign = await visitor.page.evaluate(() =>
    fetch("http://127.0.0.1:9/").then(String, (error: Error) => error.name),
  );
  assert.equal(foreign, "TypeError");
  const inline = await visitor.page.evaluate(() => {
    const script = document.createElement("script");
    try {
      script.textContent = "globalThis.ran = true";
      document.head.append(script);
    } catch {
      // Trusted Types refuse the assignment already.
    }
    return "ran" in globalThis;
  });
  assert.equal(inline, false);
  // The browser reports a violation some time after the fact.
  for (let n = 0; n < 600 && visitor.violations.length < 2; n++)
    await visitor.page.waitForTimeout(50);
  assert.deepEqual(visitor.violations.map((violation) => violation.split(" ")[0]).sort(), [
    "connect-src",
    "require-trusted-types-for",
  ]);
  await visitor.context.close();
});

test("nothing is wider than a phone or a laptop, signed out or in", async () => {
  const visitor = await demo.visit();
  const expectFit = async () => {
    for (const width of [320, 390, 1280]) {
      await visitor.page.setViewportSize({ width, height: 844 });
      const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${wide} px wide in a window of ${width}`);
    }
  };
  await visitor.expectSession({ status: "anonymous" });
  await expectFit();
  await visitor.signIn();
  await visitor.press("50 at once");
  await visitor.page.getByRole("status").filter({ hasText: "succeeded" }).waitFor();
  await expectFit();
  await visitor.leave();
});

test("text is readable against its ground in light and dark", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const visitor = await demo.visit();
    await visitor.page.emulateMedia({ colorScheme });
    await visitor.expectSession({ status: "anonymous" });
    const measure = () =>
      visitor.page.evaluate(() => {
        const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
        const luminance = (colour: string) => {
          const [red = 0, green = 0, blue = 0] = channels(colour)
            .slice(0, 3)
            .map((channel) => channel / 255)
            .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
          return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const ground = (start: Element): string => {
          for (let at: Element | null = start; at !== null; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (channels(colour)[3] !== 0) return colour;
          }
          return "rgb(255, 255, 255)";
        };
        const texts = [...document.querySelectorAll("body *")].filter(
          (found) =>
            (found as HTMLElement).offsetParent !== null &&
            [...found.childNodes].some(
              (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== "",
            ),
        );
        return texts.map((found) => {
          const { color, fill } = getComputedStyle(found);
          const pair = [
            luminance(found instanceof SVGElement ? fill : color),
            luminance(ground(found)),
          ];
          const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
          return { text: found.textContent?.trim().slice(0, 40) ?? "", contrast };
        });
      });
    const signedOut = await measure();
    await visitor.signIn();
    const signedIn = await measure();
    assert.ok(signedOut.length > 20 && signedIn.length > 20, "there is text to measure");
    assert.deepEqual(
      [...signedOut, ...signedIn].filter(({ contrast }) => contrast < 4.5),
      [],
      colorScheme,
    );
    await visitor.leave();
  }
});

test("every control has a name, every heading its place, and what changes is announced", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  const { page } = visitor;
  for (const control of await page.locator("button, input").all()) {
    const name = await control.evaluate((found) =>
      found instanceof HTMLInputElement
        ? (found.labels?.[0]?.textContent ?? "")
        : (found.textContent ?? ""),
    );
    assert.notEqual(name.trim(), "");
  }
  assert.deepEqual(await page.getByRole("heading", { level: 1 }).count(), 1);
  assert.deepEqual(await page.getByRole("heading", { level: 2 }).allTextContents(), [
    "Session",
    "Timeline",
    "Call the API",
    "What happened",
    "Make it hard",
    "Steal the token",
    "Step-up",
    "Your sessions",
    "Two tenants",
    "Signing keys",
    "Sign in with another provider",
    "The API calls another one",
    "Act for a user",
    "Where the token lives",
    "Audit log",
  ]);
  assert.equal(await page.locator("#announcer").textContent(), "Signed in as Alice Adair.");
  await visitor.press("Log out");
  await visitor.expectSession({ status: "anonymous" });
  assert.equal(await page.locator("#announcer").textContent(), "Signed out.");
  await visitor.leave();
});

test("nothing moves for those who asked for less motion", async () => {
  const visitor = await demo.visit();
  await visitor.page.emulateMedia({ reducedMotion: "reduce" });
  const moving = await visitor.page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((found) => {
        const { transitionDuration, transitionProperty, animationName } = getComputedStyle(found);
        const transitions =
          transitionProperty !== "none" &&
          transitionDuration.split(", ").some((time) => time !== "0s");
        return transitions || animationName !== "none";
      }).length,
  );
  assert.equal(moving, 0);
  await visitor.leave();
});
