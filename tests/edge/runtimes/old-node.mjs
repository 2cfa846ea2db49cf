// The same in Node as it was before 20.16, which lets nobody have its modules but by importing
// them.

delete (/** @type {{ getBuiltinModule?: unknown }} */ (process).getBuiltinModule);
await import("./at-once.mjs");
