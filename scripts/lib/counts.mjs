// Counts tests by what the test runners print. A run that looks green without having tested
// anything counts as a failure: no test found, a test binary that ran none, ignored and skipped
// tests, a bad exit code that no line explains. What a test needs and is no part of the project may
// be "not here".

/** @typedef {{ passed: number, failed: number, complaints: string[] }} Count */

/**
 * The count of one run. Each complaint counts as a failure.
 * @param {Count} count
 * @param {number} code the exit code
 * @returns {Count}
 */
function judge({ passed, failed, complaints }, code) {
  const all = [...complaints];
  if (passed + failed === 0) all.push("No test ran.");
  if (code !== 0 && failed === 0)
    all.push(`The run ended with ${code}, and no failed test explains it.`);
  return { passed, failed: failed + all.length, complaints: all };
}

const cargoResult = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm;

/**
 * @param {string} output what `cargo test` printed, its own runner or wasm-bindgen's
 * @param {number} code
 * @returns {Count}
 */
export function countCargo(output, code) {
  let [passed, failed, ignored] = [0, 0, 0];
  for (const [, some = "0", bad = "0", left = "0"] of output.matchAll(cargoResult)) {
    passed += Number(some);
    failed += Number(bad);
    ignored += Number(left);
  }
  return judge(
    {
      passed,
      failed,
      complaints: ignored === 0 ? [] : [`${ignored} tests are ignored: a test runs, or goes.`],
    },
    code,
  );
}

/**
 * Like countCargo, but every test binary has to run a test: wasm-bindgen's runner ends well without
 * one.
 * @param {string} output
 * @param {number} code
 * @returns {Count}
 */
export function countWasm(output, code) {
  const count = countCargo(output, code);
  const idle = [];
  for (const part of output.split(/^\s+Running /m).slice(1)) {
    const name = part.slice(0, part.search(/[\s(]/));
    if (!/^test result: /m.test(part) || /^test result: \w+\. 0 passed; 0 failed/m.test(part))
      idle.push(`${name} ran no test.`);
  }
  return {
    passed: count.passed,
    failed: count.failed + idle.length,
    complaints: [...count.complaints, ...idle],
  };
}

/** @param {string} tap what node's TAP reporter wrote @param {number} code @returns {Count} */
export function countNode(tap, code) {
  /** @param {string} word */
  const total = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(tap)?.[1] ?? 0);
  // Vectors that may not be part of the project. Such a test neither passed nor failed.
  const elsewhere = [...tap.matchAll(/ # SKIP not here: /g)].length;
  const left = total("skipped") + total("todo") - elsewhere;
  const complaints =
    left === 0 ? [] : [`${left} tests are skipped or to do: a test runs, or goes.`];
  return judge(
    { passed: total("pass"), failed: total("fail") + total("cancelled"), complaints },
    code,
  );
}
