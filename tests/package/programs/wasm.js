// Where the wasm is when nobody moves it: beside the program.

export const wasm = new URL("./client.wasm", import.meta.url);
