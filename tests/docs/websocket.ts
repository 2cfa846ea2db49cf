// A browser's WebSocket for blocks that run in Node, which esbuild puts in where they name it.

export { WebSocket } from "ws";
