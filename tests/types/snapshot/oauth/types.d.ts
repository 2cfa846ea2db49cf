import type { Jwk } from "../edge/options/types.js";
import type { WebCryptoKey } from "../shared/web-crypto-key.js";
export type ClientAuthentication = {
    method: "client_secret_basic" | "client_secret_post";
    secret: string;
} | {
    method: "private_key_jwt";
    key: WebCryptoKey | Jwk;
    kid?: string;
    typ?: string | null;
} | {
    method: "tls_client_auth";
};
export interface ClientOptions {
    id: string;
    auth: ClientAuthentication;
}
