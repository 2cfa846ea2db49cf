// Where the page's two servers are. The Worker that serves the page answers /config.json from its
// bindings.

export interface Config {
  /** The origin that signs in, refreshes and logs out. */
  readonly authority: string;
  /** The origin whose calls are guarded. */
  readonly api: string;
  /**
   * Where the second tenant's routes begin, at the authority and at the API. Null if there is no
   * second tenant.
   */
  readonly south: string | null;
  /** Whether a mediator answers /session on the page's own origin. */
  readonly provider: boolean;
  /** Whether both servers offer the demo controls. */
  readonly demo: boolean;
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  return (await response.json()) as Config;
}
