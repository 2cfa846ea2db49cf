// Reading a sign-in request: JSON of a known shape and size, or nothing.

export interface Credentials {
  username: string;
  password: string;
}

const LONGEST_USERNAME = 128;
/** Long enough for any passphrase, short enough that nobody buys our processor time with it. */
const LONGEST_PASSWORD = 512;

export async function readCredentials(request: Request): Promise<Credentials | null> {
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return null;
  const body: unknown = await request.json().catch(() => null);
  if (typeof body !== "object" || body === null) return null;
  const { username, password } = body as Record<string, unknown>;
  if (!isText(username, LONGEST_USERNAME) || !isText(password, LONGEST_PASSWORD)) return null;
  return { username, password };
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= longest;
}
