// The worker that a keep of the page lives in.

import "tokenkeep/worker";
