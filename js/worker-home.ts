// The chunk of `tokenkeep` and `tokenkeep/slim` for a keep whose `host` is a worker. It imports
// nothing.

export { remoteHomes } from "./hosted/remote.js";
