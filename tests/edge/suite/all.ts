// Every case of the edge suite.

import "./shape.ts";
import "./header.ts";
import "./keys.ts";
import "./key-sets.ts";
import "./compact.ts";
import "./claims.ts";
import "./issuers.ts";
import "./secrets.ts";
import "./fetching.ts";
import "./caching.ts";
import "./outage.ts";
import "./sources.ts";
import "./addresses.ts";
import "./discovery.ts";
import "./results.ts";
import "./revocation.ts";
import "./http.ts";
import "./own.ts";
import "./places.ts";
import "./policies.ts";
import "./delegation.ts";
import "./encryption.ts";
import "./jwe-examples.ts";
import "./introspection.ts";
import "./resource.ts";
import "./logout.ts";
import "./events.ts";
import "./attacks.ts";
import "./proof-cases.ts";
import "./proofs.ts";
import "./dpop.ts";
import "./replay-object.ts";

export { cases } from "./kit.ts";
