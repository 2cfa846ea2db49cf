// How a bundler for Workers sees dist/edge.wasm: as a compiled module.

declare const wasm: WebAssembly.Module;
export default wasm;
