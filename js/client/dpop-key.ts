// One key for all tabs of an origin, in IndexedDB: for backends that pin a session to the key of
// its sign-in. A chunk of its own that imports nothing.

import { type Borrowed, type KeptKey, type ProofSettings, type Prover, proverOf } from "./dpop.js";
import { newKey, type Signer, signerOf } from "./dpop-proof.js";

/** What lies in the store. `v`: of this form. */
interface Entry extends CryptoKeyPair {
  readonly v: 1;
  readonly alg: string;
  /** A coordinate of the public key, by which it is known. */
  readonly x: string;
}

const STORE = "dpop";

/** The prover of one keep, by the key of its name. */
export async function proverByName(settings: ProofSettings, lent: Borrowed): Promise<Prover> {
  const key = new OriginKey(settings, lent);
  await key.signer;
  const prover = await proverOf(settings, lent, key);
  return { ...prover, over: (reason) => key.over(reason) };
}

/** The key of one keep, by its name. */
class OriginKey implements KeptKey {
  signer: Promise<Signer>;
  readonly sign: Signer = async (claims) => (await this.signer)(claims);
  readonly #renew: () => Promise<Signer>;
  readonly #name: string;
  /** Of the key that was there last. */
  #x = "";

  constructor(
    { keptAs = "", keyAlgorithm }: ProofSettings,
    { unavailable }: Pick<Borrowed, "unavailable">,
  ) {
    this.#name = keptAs;
    this.#renew = async () => {
      try {
        return await signerOf(await this.#keep(await newKey(keyAlgorithm)));
      } catch (cause) {
        throw unavailable(cause);
      }
    };
    this.signer = this.#renew();
  }

  /** The session is over. After a logout the key goes, and another one takes its place. */
  over(reason: string): void {
    if (!reason.startsWith("logout")) return;
    this.signer = this.signer.then(() => this.#forget()).then(this.#renew, this.#renew);
    // Whoever needs it hears of a failure.
    this.signer.catch(() => undefined);
  }

  /**
   * The key that is there. Else the one that was made is put there: in one transaction, so that of
   * two tabs at once both get the same.
   */
  async #keep({ publicKey, privateKey }: CryptoKeyPair): Promise<CryptoKeyPair> {
    const { x = "", y } = await crypto.subtle.exportKey("jwk", publicKey);
    const alg = y ? "ES256" : "Ed25519";
    const candidate: Entry = { v: 1, alg, x, publicKey, privateKey };
    const kept = await transact<Entry>((store, done) => {
      const found = store.get(this.#name);
      const take = (entry: unknown) => {
        if (isUsable(entry)) return done(entry);
        store.put(candidate, this.#name);
        done(candidate);
      };
      found.onsuccess = () => take(found.result);
      // One that can't be read is replaced.
      found.onerror = (event) => {
        event.preventDefault();
        take(undefined);
      };
    });
    this.#x = kept.x;
    return kept;
  }

  /** Removes the key, if it is still the one that was there last. */
  #forget(): Promise<void> {
    return transact((store, done) => {
      const found = store.get(this.#name);
      found.onsuccess = () => {
        if (Object(found.result).x === this.#x) store.delete(this.#name);
        done();
      };
    });
  }
}

function isUsable(entry: unknown): entry is Entry {
  const { v, alg, x, publicKey, privateKey } = Object(entry) as Partial<Entry>;
  return (
    v === 1 &&
    (alg === "ES256" || alg === "Ed25519") &&
    typeof x === "string" &&
    publicKey instanceof CryptoKey &&
    privateKey instanceof CryptoKey &&
    !privateKey.extractable &&
    privateKey.usages.includes("sign")
  );
}

/** Runs one transaction, and resolves to what `done` was given when it is complete. */
async function transact<T>(
  run: (store: IDBObjectStore, done: (value: T) => void) => void,
): Promise<T> {
  const database = await opened();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite");
      transaction.onabort = () => reject(transaction.error);
      run(transaction.objectStore(STORE), (value) => {
        transaction.oncomplete = () => resolve(value);
      });
    });
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("tokenkeep", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
