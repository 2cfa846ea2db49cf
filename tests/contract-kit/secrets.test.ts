// Nothing that the kit prints reveals a piece of a secret (a cookie, a token, a password), however
// the backend writes it back and wherever a line is cut.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkContract } from "../../kit/contract.ts";
import { Secrets } from "../../kit/secrets.ts";
import { type Fault, startBackend } from "./backend.ts";
import { check, optionsFor } from "./checks.ts";
import { type Encoding, encodings, piecesIn } from "./encodings.ts";

const BODY = '{"username":"somebody","password":"pass-word & \\"<more>\\" \'of\' it/él"}';
const PASSWORD = (JSON.parse(BODY) as { password: string }).password;
const all = Object.keys(encodings) as Encoding[];
const echoing = (encoding: Encoding): Fault => `echoes secrets: ${encoding}`;

/** What the built command prints, on both streams. */
async function printedBy(...args: string[]): Promise<string> {
  const command = fileURLToPath(new URL("../../dist/contract.js", import.meta.url));
  const child = spawn(process.execPath, [command, ...args]);
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
  await new Promise((resolve) => child.on("close", resolve));
  return printed;
}

describe("no row tells eight characters of a secret that a backend writes back", () => {
  for (const encoding of all)
    test(encoding, async () => {
      const { findings, secrets } = await check([echoing(encoding), "no grace"], {}, BODY);
      const printed = JSON.stringify(findings);
      assert.deepEqual(piecesIn(printed, [...secrets, PASSWORD]), []);
      assert.ok(secrets.length > 10);
      assert.ok(printed.includes("[secret]"), "the headers were to be quoted");
    });
});

test("the search finds pieces in every encoding, where nobody hides them", () => {
  const secret = `${randomBytes(9).toString("base64url")}"<&'/=%~\\`;
  for (const encoding of all) {
    const [echoed, cut] = [encodings[encoding](secret), encodings[encoding](secret).slice(0, -3)];
    assert.notDeepEqual(piecesIn(`text/${echoed}, at refresh`, [secret]), [], encoding);
    assert.notDeepEqual(piecesIn(`text/${cut}…`, [secret]), [], encoding);
  }
});

describe("a secret is hidden first and a line cut afterwards, wherever the secret stands", () => {
  for (const encoding of all)
    test(encoding, () => {
      const secret = `${randomBytes(40).toString("base64url")}"<&'/=%~\\ é`;
      const secrets = new Secrets();
      secrets.add(secret);
      const echoed = encodings[encoding](secret);
      const lines = [0, 20, 60, 70, 75, 100, 150, 190].map((at) => `${"x".repeat(at)} ${echoed}`);
      const pieces = [7, 9, 11, 13].map((at) => echoed.slice(at, -at));
      const hidden = secrets.allPrintable([...lines, ...pieces]);
      assert.deepEqual(piecesIn(hidden.join("\n"), [secret]), []);
    });
});

test("what is no secret is printed as it is, but for what a terminal would obey", () => {
  const secrets = new Secrets();
  secrets.add("open sesame, open");
  const text = "Access-Control-Allow-Origin: https://app.example.com, at refresh";
  assert.deepEqual(secrets.allPrintable([text, "a\x1b[31mb\x9bc\u202e", "no; open"]), [
    text,
    "a?[31mb?c?",
    "no; open",
  ]);
  assert.deepEqual(secrets.allPrintable(["the door: open sesame, open!"]), ["the door: [secret]!"]);
});

test("a short secret is hidden where it stands whole", () => {
  const secrets = new Secrets();
  secrets.addAll({ pin: 4711, code: "a b&c" });
  assert.deepEqual(secrets.allPrintable(["Path=/4711", "Path=/a%20b%26c", "Path=/471"]), [
    "Path=/[secret]",
    "Path=/[secret]",
    "Path=/471",
  ]);
});

test("sixty huge tokens are no obstacle", () => {
  const secrets = new Secrets();
  for (let count = 0; count < 60; count += 1) secrets.add(randomBytes(48_000).toString("base64"));
  const lines = Array.from({ length: 50 }, (_, at) => `Path=/${"y".repeat(100)}${at}`);
  assert.deepEqual(secrets.allPrintable(lines), lines);
});

test("an operator's header with a credential is hidden too, and what is inside Basic", async () => {
  const backend = await startBackend();
  try {
    const options = optionsFor(backend);
    const basic = Buffer.from("operator:open-sesame-too").toString("base64");
    const target = {
      ...options.target,
      csrf: ["X-Api-Key", "open-sesame"] as const,
      headers: [["Authorization", `Basic ${basic}`]] as const,
    };
    const printed = JSON.stringify(await checkContract({ ...options, target }));
    assert.deepEqual(piecesIn(printed, ["open-sesame", basic, "open-sesame-too"]), []);
  } finally {
    backend.close();
  }
});

describe("the command tells no piece on either stream, as a table and as JSON", {
  concurrency: true,
}, () => {
  for (const encoding of ["raw", "percent, mixed", "base64url"] as const)
    for (const form of [[], ["--json"]])
      test([encoding, ...form].join(" "), async () => {
        const backend = await startBackend([echoing(encoding), "no grace"]);
        try {
          const options = ["--sign-in", "session/sign-in", "--body", BODY, "--grace", "0"];
          const page = ["--origin", "http://localhost:5173"];
          const printed = await printedBy(backend.base.href, ...page, ...options, ...form);
          assert.match(printed, /\[secret\]/);
          assert.deepEqual(piecesIn(printed, [...backend.secrets, PASSWORD]), []);
        } finally {
          backend.close();
        }
      });
});

test("secrets under other names, elsewhere, and in names of cookies are hidden too", async () => {
  const [token, cookie, header] = Array.from({ length: 3 }, () => randomBytes(30).toString("hex"));
  const server = createServer((request, response) => {
    response.setHeader("X-Auth-Token", String(header));
    response.setHeader("Content-Type", `text/${request.url === "/session/refresh" ? header : "x"}`);
    if (request.url === "/in")
      response.setHeader("Set-Cookie", [`a=${cookie}`, `${token}=b2345678`, `c${cookie}=d`]);
    response.end(JSON.stringify({ data: { jwt: token, session: { id: header } } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const printed = await printedBy(`${base}/?key=query-sesame`, "--sign-in", "in", "--body", "{}");
    assert.match(printed, /The sign-in set a, .*: say with --cookie-name/);
    assert.deepEqual(piecesIn(printed, [token, cookie, header, "query-sesame"] as string[]), []);
    const json = await printedBy(`${base}/?key=query-sesame`, "--json");
    assert.match(json, /"rows"/);
    assert.deepEqual(piecesIn(json, [token, cookie, header, "query-sesame"] as string[]), []);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("what can't be sent is told without being repeated", async () => {
  const base = "http://127.0.0.1:9";
  for (const args of [
    ["--cookie", "a=sésame-öffne-dich€"],
    ["--cookie", "a=open\u0001sesame"],
    ["--header", "Authorization: open€sesame"],
    ["--body", "@open-sesame", "--sign-in", "in"],
    ["--cookie", "@open-sesame"],
  ]) {
    const printed = await printedBy(base, ...args);
    assert.match(printed, /--(cookie|header|body)/);
    assert.doesNotMatch(printed, /s[eé]same|\n +at /);
  }
});
