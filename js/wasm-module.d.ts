// How a bundler for edge-light sees a wasm file that is asked for as a module: compiled.

declare module "*.wasm?module" {
  const wasm: WebAssembly.Module;
  export default wasm;
}
