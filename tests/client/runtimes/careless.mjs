// A package that does at import what ours must not: looks around, and leaves something behind. The
// watch has to notice.

export const canFetch = typeof fetch === "function";
Object.assign(globalThis, { leftBehind: true });
