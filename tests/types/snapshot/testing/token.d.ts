export declare function fakeToken(claims?: Readonly<Record<string, unknown>>): string;
export declare function claimsOf(token: string): Readonly<Record<string, unknown>> | null;
