// The Worker's entry point: the API, or the API inside its demo controls.

import { api } from "./app.ts";
import type { ApiBindings } from "./bindings.ts";
import { demo } from "./demo.ts";

export default {
  fetch(request, bindings, context) {
    const app = bindings.DEMO === "on" ? demo : api;
    return app.fetch(request, bindings, context);
  },
} satisfies ExportedHandler<ApiBindings>;
