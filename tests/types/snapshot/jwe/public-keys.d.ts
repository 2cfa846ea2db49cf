import type { Jwk } from "../edge/options/types.js";
import type { DecryptionKey } from "./types.js";
export declare function publicKeys(keys: readonly DecryptionKey[]): Promise<{
    keys: Jwk[];
}>;
