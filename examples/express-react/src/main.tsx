import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Application } from "./Application.tsx";
import { keep } from "./keep.ts";

// What goes wrong here is in the session too, and the keep goes on trying.
keep.start().catch(() => undefined);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Application />
  </StrictMode>,
);
