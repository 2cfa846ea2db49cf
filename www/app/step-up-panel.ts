// Step-up: enrols an authenticator, makes a call that needs a second factor (RFC 9470), asks for
// the code in a dialog, and makes the same call again with the new token.

import type { TokenKeep } from "tokenkeep";
import type { Authority } from "./authority.ts";
import type { Config } from "./config.ts";
import { button, element, htmlElement, onPress, showText } from "./page.ts";
import { codeNow } from "./totp.ts";
import { errorSentence } from "./words.ts";

const dialog = element("step-up-dialog", HTMLDialogElement);
const dialogCode = element("step-up-code", HTMLInputElement);
const dialogProblem = htmlElement("step-up-problem");

export function offerStepUp(keep: TokenKeep, { api }: Config, authority: Authority): void {
  const enrolled = offerEnrolment(authority);
  offerPlayedCode("step-up-fill", dialogCode, enrolled);
  const ask = askForCode(authority);
  const result = htmlElement("vault-result");

  /** The challenge that the keep has reported since the last call. */
  let challenged = false;
  keep.on("step-up", () => (challenged = true));

  onPress(button("open-vault"), async () => {
    const call = async (): Promise<string> => {
      challenged = false;
      const response = await keep.fetch(`${api}/api/vault`);
      if (response.ok) return `200: ${await response.text()}`;
      if (challenged && (await ask())) return call();
      return `${response.status}: ${response.headers.get("WWW-Authenticate") ?? "no challenge given"}`;
    };
    result.textContent = await call().catch(errorSentence);
  });
}

/** Shows the dialog until the session has two factors (true) or the person closes it (false). */
function askForCode(authority: Authority): () => Promise<boolean> {
  let settle: (raised: boolean) => void = () => {};
  const submit = button("step-up-submit");

  element("step-up-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (submit.getAttribute("aria-disabled") === "true") return;
    submit.setAttribute("aria-disabled", "true");
    void authority
      .stepUp(dialogCode.value.trim())
      .then(
        () => {
          settle(true);
          dialog.close();
        },
        (error: unknown) => {
          dialogProblem.textContent = errorSentence(error);
          dialogCode.setAttribute("aria-invalid", "true");
          dialogCode.select();
          dialogCode.focus();
        },
      )
      .finally(() => submit.removeAttribute("aria-disabled"));
  });
  button("step-up-cancel").addEventListener("click", () => dialog.close());
  // Escape closes the dialog too. A second settling of the promise has no effect.
  dialog.addEventListener("close", () => settle(false));

  return () =>
    new Promise((resolve) => {
      settle = resolve;
      dialogProblem.textContent = "";
      dialogCode.value = "";
      dialogCode.removeAttribute("aria-invalid");
      dialog.showModal();
    });
}

/** The enrolment form. Returns a function that gives the secret that was enrolled here, or null. */
function offerEnrolment(authority: Authority): () => string | null {
  let shown: string | null = null;
  const result = htmlElement("enrol-result");
  const code = element("enrol-code", HTMLInputElement);
  const form = element("enrol-form", HTMLFormElement);

  onPress(button("enrol"), async () => {
    result.textContent = await authority.enrol().then(({ secret, uri }) => {
      shown = secret;
      htmlElement("enrol-secret").textContent = secret.replace(/(.{4})(?=.)/g, "$1 ");
      htmlElement("enrol-uri").textContent = uri;
      form.hidden = false;
      code.value = "";
      code.focus();
      return "";
    }, errorSentence);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void authority.confirm(code.value.trim()).then(
      () => {
        form.hidden = true;
        result.textContent = "The authenticator is enrolled. Each of its codes is good once.";
        button("open-vault").focus();
      },
      (error: unknown) => (result.textContent = errorSentence(error)),
    );
  });
  offerPlayedCode("enrol-fill", code, () => shown);
  return () => shown;
}

/** A button that fills in the current code, for a secret that this page was shown. */
function offerPlayedCode(id: string, field: HTMLInputElement, secret: () => string | null): void {
  const fill = button(id);
  const note = htmlElement(`${id}-note`);
  onPress(fill, async () => {
    const known = secret();
    if (known === null)
      return showText(note, "This page was not shown the secret; your authenticator has it.");
    const { digits, lasts } = await codeNow(known);
    field.value = digits;
    showText(note, `Another code follows in ${Math.ceil(lasts / 1000)} s.`);
    field.focus();
  });
}
