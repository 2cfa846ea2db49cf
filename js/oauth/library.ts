// oauth4webapi speaks the protocol with authorization servers for the entries that call a provider.
// It is certified, small, has no dependencies, and runs wherever there is `fetch`. All import it
// from here, so that a bundle imports it once.

import * as oauth from "oauth4webapi";

export { oauth };
