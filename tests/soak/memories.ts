// Keeps the memories of the wasm that a Worker instantiates, for the search at the end of a long
// run. Imported before the package.

const memories: WebAssembly.Memory[] = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given: ConstructorParameters<typeof Instance>) {
    super(...given);
    for (const one of Object.values(this.exports))
      if (one instanceof WebAssembly.Memory) memories.push(one);
  }
};

export const memoriesOfWasm = (): readonly string[] =>
  memories.map(({ buffer }) => new TextDecoder("latin1").decode(buffer));
