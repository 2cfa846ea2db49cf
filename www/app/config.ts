// Where the page's two servers are. The Worker that serves the page answers /config.json from its bindings.

export interface Config {
  /** The origin that signs in, refreshes and logs out. */
  readonly authority: string;
  /** The only origin that is ever sent the access token. */
  readonly api: string;
  /** Whether both servers offer the demo controls. */
  readonly demo: boolean;
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  return (await response.json()) as Config;
}
