import type { Decryption } from "../edge/options/types.js";
import type { JoseHeader } from "../edge/result/verified.js";
import type { DecryptionKey, DecryptionOptions } from "./types.js";
export declare function decryption(options: DecryptionOptions): Decryption;
export declare function decryptCompact(jwe: string, keys: readonly DecryptionKey[], options: Omit<DecryptionOptions, "keys">): Promise<{
    header: JoseHeader;
    plaintext: Uint8Array;
}>;
