// The machine and the versions that the figures were measured with.

import { readFileSync } from "node:fs";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { must } from "../../scripts/lib/run.mjs";

const versionOf = (path: string) =>
  (
    JSON.parse(readFileSync(new URL(`../../${path}/package.json`, import.meta.url), "utf8")) as {
      version: string;
    }
  ).version;

const ROOT = ["jose", "aws-jwt-verify", "hono", "ky", "workerd", "esbuild"];
const PEERS = [
  "fast-jwt",
  "axios",
  "axios-auth-refresh",
  "supertokens-website",
  "oidc-client-ts",
  "keycloak-js",
  "@auth0/auth0-spa-js",
];

export interface Machine {
  readonly date: string;
  readonly machine: string;
  readonly runtimes: string;
  readonly peers: string;
}

export async function lookAtMachine(): Promise<Machine> {
  const [processor] = cpus();
  const chromium = (await must(process.env["CHROMIUM"] ?? "chromium", ["--version"])).stdout
    .trim()
    .split(" ")
    .slice(0, 2)
    .join(" ");
  const rust = (await must("rustc", ["--version"])).stdout.trim().split(" ").slice(0, 2).join(" ");
  const named = (names: readonly string[], folder: string) =>
    names.map((name) => `${name} ${versionOf(`${folder}/${name}`)}`);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores, ${processor?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()} ${release().split("-")[0]}; ${loadavg()[2]?.toFixed(0)} programs wanted a core over the last quarter of an hour`,
    runtimes: `Node ${process.versions.node}, workerd ${versionOf("node_modules/workerd")}, ${chromium}, ${rust}`,
    peers: [
      ...named(
        ROOT.filter((name) => name !== "workerd"),
        "node_modules",
      ),
      ...named(PEERS, "benches/peers/node_modules"),
    ].join(", "),
  };
}
