// The sign-in form. The sign-in request is the application's own. The keep sends it and takes the
// token out of the reply.

import type { TokenKeep } from "tokenkeep";
import { orRefusal, Refusal, withCookie } from "./authority.ts";
import type { Config } from "./config.ts";
import { DEMO_ACCOUNT } from "./demo-controls.ts";
import { button, element, htmlElement } from "./page.ts";
import { errorSentence } from "./words.ts";

const username = element("username", HTMLInputElement);
const password = element("password", HTMLInputElement);
const problem = htmlElement("sign-in-error");
const submit = button("sign-in-button");

export function offerSignIn(keep: TokenKeep, config: Config): void {
  element("sign-in", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (submit.getAttribute("aria-disabled") === "true") return;
    submit.setAttribute("aria-disabled", "true");
    submit.textContent = "Signing in";
    void signIn(keep, config)
      .then(complain, (error: unknown) => complain({ text: errorSentence(error), field: null }))
      .finally(() => {
        submit.removeAttribute("aria-disabled");
        submit.textContent = "Sign in";
      });
  });

  button("fill-in").hidden = !config.demo;
  button("fill-in").addEventListener("click", () => {
    username.value = DEMO_ACCOUNT.username;
    password.value = DEMO_ACCOUNT.password;
    submit.focus();
  });
}

interface Problem {
  readonly text: string;
  /** The field that a person is likely to correct. */
  readonly field: HTMLInputElement | null;
}

async function signIn(keep: TokenKeep, { authority }: Config): Promise<Problem | null> {
  if (username.value === "") return { text: "Enter your user name.", field: username };
  if (password.value === "") return { text: "Enter your password.", field: password };
  const credentials = { username: username.value, password: password.value };
  try {
    await orRefusal(keep.signIn(`${authority}/session/sign-in`, withCookie(credentials)));
  } catch (error) {
    const wrong = error instanceof Refusal && error.code === "invalid_credentials";
    return { text: errorSentence(error), field: wrong ? password : null };
  }
  password.value = "";
  return null;
}

function complain(found: Problem | null): void {
  problem.textContent = found?.text ?? "";
  for (const field of [username, password]) {
    if (field === found?.field) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", problem.id);
    } else {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
  }
  found?.field?.focus();
}
