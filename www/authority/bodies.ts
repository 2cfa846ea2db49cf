// Reading request bodies: JSON of a known shape and size, or nothing.

export interface Credentials {
  username: string;
  password: string;
}

const LONGEST_USERNAME = 128;
/** Long enough for a passphrase. A longer text would only cost processor time. */
const LONGEST_PASSWORD = 512;

export async function readCredentials(request: Request): Promise<Credentials | null> {
  const { username, password } = await readObject(request);
  return isText(username, LONGEST_USERNAME) && isText(password, LONGEST_PASSWORD)
    ? { username, password }
    : null;
}

/** A member of the body that must be a text, as in `{"id": "…"}`; null when it is none. */
export async function readText(
  request: Request,
  member: string,
  longest = 64,
): Promise<string | null> {
  const value = (await readObject(request))[member];
  return isText(value, longest) ? value : null;
}

async function readObject(request: Request): Promise<Record<string, unknown>> {
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  const body: unknown = type === "application/json" ? await request.json().catch(() => null) : null;
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= longest;
}
