// The types of the package against those that were promised, name by name and both ways: what the
// package gives fits where the promised is wanted, and what fitted the promise fits the package.
// Nothing here runs: the type check is the test.

import type * as Client from "tokenkeep";
import type * as Edge from "tokenkeep/edge";
import type * as PromisedClient from "./contract/client.d.ts";
import type * as PromisedEdge from "./contract/edge.d.ts";

type Fits<Given, Wanted> = [Given] extends [Wanted] ? true : false;
type Both<A, B> = Fits<A, B> extends true ? Fits<B, A> : false;
/** The names under which the two don't fit each other; none is the aim. */
type Broken<Ours, Promised> = {
  [Name in keyof Promised]: Name extends keyof Ours
    ? Both<Ours[Name], Promised[Name]> extends true
      ? never
      : Name
    : Name;
}[keyof Promised];

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** The members that a program may assign to. */
type Writable<T> = {
  [K in keyof T]-?: Same<Pick<T, K>, { -readonly [Q in K]: T[Q] }> extends true ? K : never;
}[keyof T];
/**
 * Readonly members fit where others are wanted, so this is looked at by itself: what could be
 * assigned to still can be.
 */
type Frozen<Ours, Promised> = {
  [Name in keyof Promised]: Name extends keyof Ours
    ? Exclude<Writable<Promised[Name]>, Writable<Ours[Name]>> extends never
      ? never
      : Name
    : Name;
}[keyof Promised];
type Any<T> = { [Name in keyof T]: 0 extends 1 & T[Name] ? Name : never }[keyof T];

/**
 * Types have no names at run time, so they are listed; that the lists are whole is for
 * types.test.ts to see.
 */
interface ClientTypes {
  EndpointOptions: Client.EndpointOptions;
  Session: Client.Session;
  SessionStatus: Client.SessionStatus;
  SignedOutReason: Client.SignedOutReason;
  TokenKeep: Client.TokenKeep;
  TokenKeepError: Client.TokenKeepError;
  TokenKeepErrorCode: Client.TokenKeepErrorCode;
  TokenKeepEvents: Client.TokenKeepEvents;
  TokenKeepOptions: Client.TokenKeepOptions;
  TokenResponse: Client.TokenResponse;
  Transition: Client.Transition;
}
interface PromisedClientTypes {
  EndpointOptions: PromisedClient.EndpointOptions;
  Session: PromisedClient.Session;
  SessionStatus: PromisedClient.SessionStatus;
  SignedOutReason: PromisedClient.SignedOutReason;
  TokenKeep: PromisedClient.TokenKeep;
  TokenKeepError: PromisedClient.TokenKeepError;
  TokenKeepErrorCode: PromisedClient.TokenKeepErrorCode;
  TokenKeepEvents: PromisedClient.TokenKeepEvents;
  TokenKeepOptions: PromisedClient.TokenKeepOptions;
  TokenResponse: PromisedClient.TokenResponse;
  Transition: PromisedClient.Transition;
}
interface EdgeTypes {
  Algorithm: Edge.Algorithm;
  Claims: Edge.Claims;
  ExecutionContextLike: Edge.ExecutionContextLike;
  IssuerOptions: Edge.IssuerOptions;
  JoseHeader: Edge.JoseHeader;
  Jwk: Edge.Jwk;
  JwksOptions: Edge.JwksOptions;
  JwksStore: Edge.JwksStore;
  KeyValue: Edge.KeyValue;
  Policy: Edge.Policy;
  RevocationStore: Edge.RevocationStore;
  RevocationSubject: Edge.RevocationSubject;
  Revoker: Edge.Revoker;
  StoredJwks: Edge.StoredJwks;
  Verified: Edge.Verified;
  Verifier: Edge.Verifier;
  VerifierEvent: Edge.VerifierEvent;
  VerifierOptions: Edge.VerifierOptions;
  VerifyError: Edge.VerifyError;
  VerifyErrorCategory: Edge.VerifyErrorCategory;
}
interface PromisedEdgeTypes {
  Algorithm: PromisedEdge.Algorithm;
  Claims: PromisedEdge.Claims;
  ExecutionContextLike: PromisedEdge.ExecutionContextLike;
  IssuerOptions: PromisedEdge.IssuerOptions;
  JoseHeader: PromisedEdge.JoseHeader;
  Jwk: PromisedEdge.Jwk;
  JwksOptions: PromisedEdge.JwksOptions;
  JwksStore: PromisedEdge.JwksStore;
  KeyValue: PromisedEdge.KeyValue;
  Policy: PromisedEdge.Policy;
  RevocationStore: PromisedEdge.RevocationStore;
  RevocationSubject: PromisedEdge.RevocationSubject;
  Revoker: PromisedEdge.Revoker;
  StoredJwks: PromisedEdge.StoredJwks;
  Verified: PromisedEdge.Verified;
  Verifier: PromisedEdge.Verifier;
  VerifierEvent: PromisedEdge.VerifierEvent;
  VerifierOptions: PromisedEdge.VerifierOptions;
  VerifyError: PromisedEdge.VerifyError;
  VerifyErrorCategory: PromisedEdge.VerifyErrorCategory;
}

/** An error here names what is broken. */
type None<Names extends never> = Names;
export type Kept = [
  None<Broken<ClientTypes, PromisedClientTypes>>,
  None<Broken<EdgeTypes, PromisedEdgeTypes>>,
  None<Frozen<ClientTypes, PromisedClientTypes>>,
  None<Frozen<EdgeTypes, PromisedEdgeTypes>>,
  None<Frozen<Client.TokenKeepEvents, PromisedClient.TokenKeepEvents>>,
  None<Frozen<Required<Client.TokenKeepOptions>, Required<PromisedClient.TokenKeepOptions>>>,
  None<Frozen<Required<Edge.VerifierOptions>, Required<PromisedEdge.VerifierOptions>>>,
  None<Any<ClientTypes> | Any<EdgeTypes>>,
  None<Broken<typeof Client, typeof PromisedClient>>,
  None<Broken<typeof Edge, typeof PromisedEdge>>,
];
