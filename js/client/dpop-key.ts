// One key for all tabs of an origin, in IndexedDB: for backends that pin a session to the key of
// its sign-in. A chunk of its own that imports nothing.

/** What lies in the store. `v`: of this form. */
export interface KeptKey {
  readonly v: 1;
  readonly alg: "ES256" | "Ed25519";
  /** A coordinate of the public key, by which it is known. */
  readonly x: string;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

const STORE = "dpop";

/** The keys of one keep, by its name. */
export class OriginKeys {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * The key that is there. Else `candidate` is put there: in one transaction, so that of two tabs
   * at once both get the same.
   */
  keep(candidate: KeptKey): Promise<KeptKey> {
    return transact((store, done) => {
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
  }

  /** Removes the key, if it is still the one with this coordinate. */
  forget(x: string): Promise<void> {
    return transact((store, done) => {
      const found = store.get(this.#name);
      found.onsuccess = () => {
        if (Object(found.result).x === x) store.delete(this.#name);
        done();
      };
    });
  }
}

function isUsable(entry: unknown): entry is KeptKey {
  const { v, alg, x, publicKey, privateKey } = Object(entry) as Partial<KeptKey>;
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
