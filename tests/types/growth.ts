// Whether types only grew: what a program was given it is still given, and what it gave is still
// taken. A compiler decides, name by name.

import type { Project } from "../package/project.ts";
import { complaints, newest } from "./compiler.ts";

/**
 * A union may gain a member and lose none. An object may gain members, and none that a program
 * would have to write. What a program reads may not become null or undefined; what it writes must
 * still be allowed to be. Members that stay are compared in turn, four levels deep. Below that, and
 * for functions and lists, one of the two has to fit where the other is wanted.
 */
const GREW = `
type Fits<Given, Wanted> = [Given] extends [Wanted] ? true : false;
type Either<A, B> = Fits<A, B> extends true ? true : Fits<B, A>;
type IsAny<T> = 0 extends 1 & T ? true : false;
type IsUnion<T, Whole = T> = T extends unknown ? ([Whole] extends [T] ? false : true) : never;
type IsFunction<T> = [T] extends [(...given: never[]) => unknown] ? true : false;
type Nothing<T> = Extract<T, null | undefined>;
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Writable<T> = {
  [K in keyof T]-?: Same<Pick<T, K>, { -readonly [Q in K]: T[Q] }> extends true ? K : never;
}[keyof T];
type Needed<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? never : K }[keyof T];
type Down = [never, 0, 1, 2, 3];
type How = "read" | "written";

type All<Results> = [Results] extends [true] ? true : false;
type Member<New, Old, H extends How, Depth extends number> = All<
  | (H extends "read" ? Fits<Nothing<New>, Old> : Fits<Nothing<Old>, New>)
  | Value<NonNullable<New>, NonNullable<Old>, H, Depth>
>;
type Value<New, Old, H extends How, Depth extends number> = All<
  true extends IsUnion<Old> | IsUnion<New>
    ? Fits<Old, New>
    : true extends IsFunction<Old> | Fits<Old, readonly unknown[]>
      ? Either<New, Old>
      : [Old] extends [object]
        ? Exclude<keyof Old, keyof New> | Exclude<Writable<Old>, Writable<New>> extends never
          ? Depth extends 0
            ? true
            : {
                [K in keyof Old]-?: K extends keyof New
                  ? Grew<New[K], Old[K], H, Down[Depth]>
                  : false;
              }[keyof Old]
          : false
        : Either<New, Old>
>;
type Grew<New, Old, H extends How, Depth extends number> =
  IsAny<New> extends true ? IsAny<Old> : Member<New, Old, H, Depth>;

export type GrewRead<New, Old> = Grew<New, Old, "read", 4>;
export type GrewWritten<New, Old> = [Exclude<Needed<New>, keyof Old>] extends [never]
  ? Grew<New, Old, "written", 4>
  : false;
type Callable = (...given: never[]) => unknown;
export type GrewCall<New extends Callable, Old extends Callable> =
  Fits<Parameters<Old>, Parameters<New>>;
`;

/** What a program writes, and what it implements. */
const WRITTEN = /(Options|Policy|Store|KeyValue|ContextLike|Source|TokenResponse)$/;

/** The names of `exported` that lost something from the module `before` to the module `now`. */
export async function shrunk(
  consumer: Project,
  now: string,
  before: string,
  exported: readonly { readonly name: string; readonly isFunction: boolean }[],
): Promise<string[]> {
  if (exported.length === 0) return [];
  const lines = exported.map(({ name, isFunction }) => {
    const how = isFunction ? "GrewCall" : WRITTEN.test(name) ? "GrewWritten" : "GrewRead";
    const type = (module: string) =>
      isFunction ? `typeof ${module}.${name}` : `${module}.${name}`;
    return `export const ${name}: ${how}<${type("Now")}, ${type("Before")}> = true;`;
  });
  consumer.write("grew.ts", GREW);
  consumer.write(
    "comparison.ts",
    [
      'import type { GrewCall, GrewRead, GrewWritten } from "./grew.ts";',
      `import type * as Now from "${now}";`,
      `import type * as Before from "${before}";`,
      ...lines,
    ].join("\n"),
  );
  const options = { skipLibCheck: true, allowImportingTsExtensions: true };
  const said = await complaints(consumer, { ...newest, options }, ["comparison.ts"]);
  const wrong = [...said.matchAll(/^comparison\.ts\((\d+),\d+\): error (TS\d+: .*)$/gm)].map(
    ([, line, what]) => ({ name: exported[Number(line) - 4]?.name, what: what ?? "" }),
  );
  const odd = wrong.filter(({ name, what }) => name === undefined || !what.startsWith("TS2322"));
  if (odd.length > 0 || (wrong.length === 0 && said !== ""))
    throw new Error(`The comparison itself is wrong:\n${said}`);
  return wrong.map(({ name }) => name ?? "");
}
