import { useState } from "react";
import { useSession } from "tokenkeep/react";
import { keep } from "./keep.ts";
import { Orders } from "./Orders.tsx";
import { SignIn } from "./SignIn.tsx";

export function Application() {
  const { status, retryAt, degraded, claims } = useSession(keep);
  const [trouble, setTrouble] = useState("");

  function signOut() {
    keep.logout().then(
      () => setTrouble(""),
      () => setTrouble("You are signed out here, but the server could not be told."),
    );
  }

  if (status === "unknown") {
    const isWaiting = retryAt === null;
    return <p>{isWaiting ? "One moment …" : "The server can't be reached. Trying again …"}</p>;
  }
  if (status === "anonymous") {
    return (
      <>
        <SignIn />
        <p role="alert">{trouble}</p>
      </>
    );
  }
  const user = String(claims?.["sub"]);
  return (
    <>
      <p>
        Signed in as <b>{user}</b>.{" "}
        <button type="button" onClick={signOut}>
          Sign out
        </button>
      </p>
      {degraded && <p role="status">The session could not be renewed yet. Trying again …</p>}
      {/* By user: another tab can sign somebody else in. */}
      <Orders key={user} />
    </>
  );
}
