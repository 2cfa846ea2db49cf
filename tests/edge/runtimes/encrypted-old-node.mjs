// The same in Node as it was before 20.16, by Web Cryptography.

delete (/** @type {{ getBuiltinModule?: unknown }} */ (process).getBuiltinModule);
await import("./encrypted.mjs");
