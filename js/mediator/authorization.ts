// What only a sign-in asks of the provider: where it begins, what its answer comes to, and who the
// user is.

import type { Claims } from "../edge/result/verified.js";
import { oauth } from "../oauth/library.js";
import { NotSignedIn } from "./failed.js";
import type { Tokens } from "./sessions.js";
import type { Setup } from "./setup.js";
import type { Transaction } from "./sign-in.js";
import type { SignInErrorCode } from "./sign-in-error.js";

/** What the errors of an authorization answer mean to a page. */
const ERRORS: readonly (readonly [errors: RegExp, code: SignInErrorCode])[] = [
  [/^access_denied$/, "cancelled"],
  [/^(interaction|login|consent|account_selection)_required$/, "interaction_required"],
  [/^unmet_authentication_requirements$/, "step_up_failed"],
  [/^(server_error|temporarily_unavailable)$/, "provider_unavailable"],
  [/^(unauthorized_client|invalid_scope|invalid_target)$/, "misconfigured"],
];

/**
 * Where a sign-in with these parameters begins (RFC 6749 section 4.1.1, RFC 9126).
 *
 * @throws {EndpointFailure}
 */
export async function authorizationAddress(
  parameters: URLSearchParams,
  { settings, provider }: Setup,
): Promise<URL> {
  const { client, authenticate } = settings;
  const { pushed } = settings.provider;
  const page = await provider.endpoint("authorization_endpoint");
  const { pushed_authorization_request_endpoint: offered } = await provider.metadata();
  let shown = parameters;
  if (pushed === "always" || (pushed === "auto" && offered !== undefined)) {
    const { request_uri } = await provider.call(async (server, options) =>
      oauth.processPushedAuthorizationResponse(
        server,
        client,
        await oauth.pushedAuthorizationRequest(server, client, authenticate, parameters, options),
      ),
    );
    shown = new URLSearchParams({ client_id: client.client_id, request_uri });
  }
  for (const [name, value] of shown) page.searchParams.append(name, value);
  return page;
}

/**
 * Exchanges the code of an answer that is the provider's, to this sign-in.
 *
 * @throws {NotSignedIn | EndpointFailure}
 */
export async function exchange(
  answer: URLSearchParams,
  { state, verifier }: Transaction,
  { settings, provider }: Setup,
): Promise<Tokens> {
  const { client, authenticate, url } = settings;
  const server = await provider.metadata();
  let code: URLSearchParams;
  try {
    code = oauth.validateAuthResponse(server, client, answer, state);
    // Anybody can make an answer with no code, or with two. The library looks at it later.
    const [one, ...others] = answer.getAll("code");
    if (!one || others.length > 0) throw new Error();
  } catch (thrown) {
    const { error } = Object(thrown);
    const [, meaning] = ERRORS.find(([errors]) => errors.test(error)) ?? [];
    throw new NotSignedIn(meaning ?? "provider_error");
  }
  const callback = `${url}callback`;
  return provider.tokens((server, options) =>
    oauth.authorizationCodeGrantRequest(
      server,
      client,
      authenticate,
      code,
      callback,
      verifier,
      options,
    ),
  );
}

/** @throws {EndpointFailure} also where `sub` is another */
export function userInfoOf(
  { accessToken }: Tokens,
  subject: string,
  { settings, provider }: Setup,
): Promise<Claims> {
  const { client } = settings;
  return provider.call(async (server, options) =>
    oauth.processUserInfoResponse(
      server,
      client,
      subject,
      await oauth.userInfoRequest(server, client, accessToken, options),
    ),
  );
}
