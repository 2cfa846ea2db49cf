// Of the peers' packages, what verifies in Node.

export { createVerifier } from "fast-jwt";
