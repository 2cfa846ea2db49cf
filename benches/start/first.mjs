// The first verification in a fresh process of Node: loads one contestant's bundle and prints the
// microseconds of processor time until its first verification. groups/start.ts runs it with the
// bundle, and a file with the key set and the token.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , bundle = "", given = ""] = process.argv;
const { jwks, token } = JSON.parse(readFileSync(given, "utf8"));
const before = process.cpuUsage();
/** @type {{ first: (jwks: object, token: string) => Promise<string> }} */
const { first } = await import(pathToFileURL(bundle).href);
const subject = await first(jwks, token);
const { user, system } = process.cpuUsage(before);
if (subject !== "alice") throw new Error("somebody else's token");
console.log(user + system);
