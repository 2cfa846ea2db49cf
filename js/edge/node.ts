// Node's own modules, where they are faster than what all runtimes share. They are asked for at run
// time, so other runtimes and bundlers see no import.

interface NodeProcess {
  readonly versions?: Readonly<Record<string, string>>;
  getBuiltinModule?(name: string): unknown;
}

/**
 * Null anywhere but in Node, and before Node 20.16. Others offer some of its modules too, but have
 * no need of them.
 */
export function nodeModule<Module>(name: string): Module | null {
  const { process, navigator } = globalThis as {
    process?: NodeProcess;
    navigator?: { userAgent?: string };
  };
  const { node, bun, deno } = process?.versions ?? {};
  const isNode =
    node !== undefined &&
    bun === undefined &&
    deno === undefined &&
    navigator?.userAgent !== "Cloudflare-Workers";
  return ((isNode && process?.getBuiltinModule?.(name)) || null) as Module | null;
}
