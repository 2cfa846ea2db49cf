// Rust with its wasm target, and the programs that cargo builds into .tools/.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must, root, run, StepFailed, step, which } from "./run.mjs";

/** @param {boolean} lints */
export async function installRust(lints) {
  if (which("cargo") === null || which("rustc") === null) {
    throw new StepFailed(
      "Rust is missing: install rustup with the stable toolchain (https://rustup.rs), then " +
        "start again.",
    );
  }
  const target = "wasm32-unknown-unknown";
  const library = (
    await run("rustc", ["--print", "target-libdir", "--target", target])
  ).stdout.trim();
  if (library === "" || !existsSync(library)) {
    needRustup(`the Rust target ${target}`);
    await step(`Adding the Rust target ${target}`, "10 s", () =>
      must("rustup", ["target", "add", target], { seconds: 600 }),
    );
  }
  if (!lints) return;
  for (const [component, program] of /** @type {const} */ ([
    ["clippy", "cargo-clippy"],
    ["rustfmt", "cargo-fmt"],
  ])) {
    if ((await run(program, ["--version"])).code === 0) continue;
    needRustup(component);
    await step(`Adding ${component}`, "10 s", () =>
      must("rustup", ["component", "add", component], { seconds: 600 }),
    );
  }
}

/** @param {string} what */
function needRustup(what) {
  if (which("rustup") === null)
    throw new StepFailed(`Without rustup, ${what} has to be installed by hand; then start again.`);
}

/**
 * Builds the programs of a crate into .tools/, unless the first is there in this version.
 * @param {string} crate @param {string} version @param {readonly [string, ...string[]]} programs
 * @param {readonly string[]} [options]
 */
async function installTool(crate, version, programs, options = []) {
  const path = join(root, ".tools", "bin", programs[0]);
  if (
    existsSync(path) &&
    (await run(path, ["--version"])).stdout.trim().split(/\s+/)[1] === version
  )
    return;
  const place = [
    "--root",
    join(root, ".tools"),
    "--version",
    version,
    ...programs.flatMap((program) => ["--bin", program]),
  ];
  await step(`Building ${crate} ${version} into .tools/, once`, "2 min on two cores", () =>
    must("cargo", ["install", "--locked", "--force", ...place, ...options, crate], {
      seconds: 1800,
      env: quickBuild,
    }),
  );
}

const toolsTarget = join(root, ".tools", "target");

// These tools run for a second at most. Optimising them would cost minutes and save less than that
// second. What two of them depend on is compiled once.
const quickBuild = {
  CARGO_TARGET_DIR: toolsTarget,
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
};

export async function installTools() {
  // Imported here because the manifest's parser is an npm package.
  const { readManifest } = await import("./manifest.mjs");
  const { tools } = readManifest();
  await installTool("wasm-pack", tools["wasm-pack"], ["wasm-pack"]);
  await installTool(
    "wasm-bindgen-cli",
    tools["wasm-bindgen"],
    ["wasm-bindgen", "wasm-bindgen-test-runner"],
    // Its test runner speaks to drivers on this machine alone, for which TLS is not needed.
    ["--no-default-features"],
  );
}

// Debian has no package of geckodriver.
const geckodriver = "0.37.1";

export const installGeckodriver = () => installTool("geckodriver", geckodriver, ["geckodriver"]);

// Not in wasm-pack.toml, because it takes no part in a build.
const cargoDeny = "0.20.2";

export const installCargoDeny = () => installTool("cargo-deny", cargoDeny, ["cargo-deny"]);

/** Removes what cargo has compiled for these programs. */
export const forgetBuilds = () => rmSync(toolsTarget, { recursive: true, force: true });
