// A package whose import reads a global and adds one. The test has to notice both.

export const canFetch = typeof fetch === "function";
Object.assign(globalThis, { leftBehind: true });
