// The worker in which the engine and the token live.

import "tokenkeep/worker";
