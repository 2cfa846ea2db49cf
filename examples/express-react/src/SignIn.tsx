import { useActionState } from "react";
import { keep } from "./keep.ts";

export function SignIn() {
  const [trouble, action, isPending] = useActionState(signIn, "");
  return (
    <form action={action}>
      <h1>Sign in</h1>
      <label>
        Name <input name="name" autoComplete="username" required />
      </label>
      <label>
        Password <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit" disabled={isPending}>
        Sign in
      </button>
      <p role="alert">{trouble}</p>
    </form>
  );
}

/** Comes to what went wrong. When nothing did, the session says so, and this form goes away. */
async function signIn(_before: string, form: FormData): Promise<string> {
  try {
    const reply = await keep.signIn("/session/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest" },
      body: JSON.stringify(Object.fromEntries(form)),
    });
    if (reply.ok) return "";
    return reply.status === 401 ? "Wrong name or password." : "The server has trouble. Try again.";
  } catch {
    return "The server can't be reached. Try again.";
  }
}
