// The numbers of the messages between a page and its worker. The other tests call them by name.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as protocol from "../../../js/hosted/protocol.ts";

test("client_W360_the_kinds_of_messages_keep_their_numbers_while_the_version_stays", () => {
  const numbers = Object.entries(protocol).filter(([, value]) => typeof value === "number");
  assert.deepEqual(Object.fromEntries(numbers), {
    VERSION: 1,
    CREDIT: 1_048_576,
    SETTLE: 1,
    FETCH: 2,
    SIGN_IN: 3,
    ABORT: 4,
    TAKEN: 5,
    PAGE: 6,
    STORED: 7,
    BACK: 8,
    BYE: 9,
    CLOSE: 10,
    COOKIE: 11,
    PING: 12,
    PONG: 13,
    WELCOME: 20,
    REFUSED: 21,
    SETTLED: 22,
    HEAD: 23,
    CHUNK: 24,
    END: 25,
    BROKEN: 26,
    CHANGED: 27,
    ENTRIES: 28,
    LOST: 29,
    EVENT: 30,
    REFRESH_FAILED: 31,
    WARN: 32,
  });
});
