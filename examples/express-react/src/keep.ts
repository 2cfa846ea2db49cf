// One keep for the whole page.

import { createTokenKeep } from "tokenkeep";

export const keep = createTokenKeep({ refresh: "/session/refresh", logout: "/session/logout" });
