// The peers' packages that verify in Node.

export { createVerifier } from "fast-jwt";
