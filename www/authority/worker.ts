// The Worker's entry point: the authority, or the authority inside its demo controls.

import { authority } from "./app.ts";
import { demo } from "./demo.ts";
import type { AuthorityBindings } from "./settings.ts";

export default {
  fetch(request, bindings, context) {
    const app = bindings.DEMO === "on" ? demo : authority;
    return app.fetch(request, bindings, context);
  },
} satisfies ExportedHandler<AuthorityBindings>;
