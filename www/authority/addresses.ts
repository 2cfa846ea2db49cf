// What counts as one address. A host of IPv6 owns a whole /64 and can take another of its 2^64
// addresses for every try, so its network is counted.

const UNKNOWN = "unknown";

/**
 * "192.0.2.1" for an IPv4 address, also for one that is mapped into IPv6. "2001:db8:0:1::/64" for
 * an IPv6 address, however it is written. Every text that is no address is "unknown": a made-up
 * text must not begin a count of its own.
 */
export function networkOf(address: string): string {
  // The zone of a link-local address names an interface of this machine (RFC 4007).
  const text = address.replace(/%.*$/s, "");
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return canonical(text) ?? UNKNOWN;
  if (!/^[\da-f:.]+$/i.test(text)) return UNKNOWN;
  const host = canonical(`[${text}]`);
  if (host === null) return UNKNOWN;
  const groups = groupsOf(host.slice(1, -1));
  const mapped = groups.slice(0, 5).every((group) => group === "0") && groups[5] === "ffff";
  if (!mapped) return `${groups.slice(0, 4).join(":")}::/64`;
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .map((pair) => `${pair >> 8}.${pair & 0xff}`)
    .join(".");
}

/** The canonical form of an address, by the platform's parser of URLs. */
function canonical(host: string): string | null {
  const url = `http://${host}/`;
  return URL.canParse(url) ? new URL(url).hostname : null;
}

/** The eight groups of a canonical IPv6 address. */
function groupsOf(address: string): string[] {
  const [left = [], right] = address
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  if (right === undefined) return left;
  return [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
}
