// A bounded memory of what is made by name.

/** What has a name. Past `most` of them the one is forgotten that was asked for longest ago. */
export class LeastRecent<T> {
  readonly #most: number;
  readonly #made = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  has(name: string): boolean {
    return this.#made.has(name);
  }

  /** What was made, without a word that it was asked for. */
  find(name: string): T | undefined {
    return this.#made.get(name);
  }

  get(name: string, make: () => T): T {
    const found = this.#made.get(name) ?? make();
    this.#made.delete(name);
    this.#made.set(name, found);
    const oldest = this.#made.keys().next();
    if (this.#made.size > this.#most && oldest.done !== true) this.#made.delete(oldest.value);
    return found;
  }
}
