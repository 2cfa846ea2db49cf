// A request on its way to another process or isolate.

/**
 * Headers as another process gets them: those that a `fetch` on the way would set have a prefix.
 */
export const packed = ({ headers }: Request): [string, string][] =>
  [...headers].map(([name, value]) => [`x-as-${name}`, value]);

/** The request that was packed. */
export function unpacked(request: Request): Request {
  const headers = [...request.headers].flatMap(([name, value]): [string, string][] =>
    name.startsWith("x-as-") ? [[name.slice(5), value]] : [],
  );
  return new Request(request.url, { method: request.method, headers });
}
