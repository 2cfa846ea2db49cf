// The Worker's entry points. Calls go to the authority, or to the demo's controls around it. The
// schedule tends the key rings.

import { tenantsOf } from "../tenants.ts";
import { authority } from "./app.ts";
import { demo } from "./demo.ts";
import { note } from "./detection.ts";
import { tendKeys } from "./key-ring.ts";
import { type AuthorityBindings, secondsNow } from "./settings.ts";

export { Limiter } from "./limiter.ts";

export default {
  fetch(request, bindings, context) {
    const app = bindings.DEMO === "on" ? demo : authority;
    return app.fetch(request, bindings, context);
  },
  async scheduled(_event, bindings, context) {
    for (const tenant of tenantsOf(bindings)) {
      const active = await tendKeys(bindings, tenant, secondsNow());
      if (active === null) continue;
      const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
      await note({ bindings, tenant, waitUntil }, "keys.rotated", { detail: active });
    }
  },
} satisfies ExportedHandler<AuthorityBindings>;
