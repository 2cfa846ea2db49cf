// An operator: Alice, with her token, at the operator's routes.

import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../../www/stack.mjs";
import { authorization, Visitor } from "./harness.ts";

export interface AuditRecord {
  id: number;
  at: number;
  event: string;
  severity: string;
  user: string | null;
  session: string | null;
  device: string | null;
  detail: string | null;
}

export interface RingKey {
  kid: string;
  alg: string;
  state: "next" | "active" | "retired";
  since: number;
  retiresAt: number | null;
}

export class Operator {
  readonly #stack: Stack;
  readonly #token: string;
  readonly #base: string;

  constructor(stack: Stack, token: string, base = "") {
    this.#stack = stack;
    this.#token = token;
    this.#base = base;
  }

  static async of(stack: Stack, base = ""): Promise<Operator> {
    return new Operator(stack, (await new Visitor(stack, null, base).signIn()).access_token, base);
  }

  call(path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#stack.authority}${this.#base}/operator/${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...authorization(this.#token),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /**
   * For a call that has to be let in. The guard looks for a key that it does not know once a second
   * at most, and a test is quicker.
   */
  async #granted(path: string, body?: unknown): Promise<Response> {
    const first = await this.call(path, body);
    if (first.status !== 401) return first;
    await sleep(1_100);
    return this.call(path, body);
  }

  async audit(query = ""): Promise<AuditRecord[]> {
    return ((await (await this.#granted(`audit${query}`)).json()) as { records: AuditRecord[] })
      .records;
  }

  async keys(): Promise<RingKey[]> {
    return ((await (await this.#granted("keys")).json()) as { keys: RingKey[] }).keys;
  }

  async rotate(alg?: string): Promise<string> {
    const response = await this.#granted("keys/rotate", alg === undefined ? {} : { alg });
    if (response.status !== 200) throw new Error(`answered ${response.status}`);
    return ((await response.json()) as { active: string }).active;
  }
}
