// Which addresses count as one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "../../www/authority/addresses.ts";

test("an IPv4 address is itself, however it is written", () => {
  for (const form of [
    "192.0.2.1",
    "::ffff:192.0.2.1",
    "::FFFF:192.0.2.1",
    "::ffff:c000:201",
    "::ffff:192.0.2.1%eth0",
    "0:0:0:0:0:ffff:192.0.2.1",
    "0000:0000:0000:0000:0000:ffff:c000:0201",
  ])
    assert.equal(networkOf(form), "192.0.2.1", form);
  assert.equal(networkOf("0.0.0.0"), "0.0.0.0");
  assert.equal(networkOf("::ffff:0.0.0.0"), "0.0.0.0");
});

test("an IPv6 address is its network of 64 bits, however it is written", () => {
  for (const form of [
    "2001:db8:0:1::",
    "2001:db8:0:1::1",
    "2001:DB8:0:1:ffff:ffff:ffff:ffff",
    "2001:0db8:0000:0001:0000:0000:0000:0001",
    "2001:db8:0:1::192.0.2.1",
    "2001:db8:0:1::1%25en0",
  ])
    assert.equal(networkOf(form), "2001:db8:0:1::/64", form);
  assert.equal(networkOf("fe80::1%eth0"), "fe80:0:0:0::/64");
  assert.equal(networkOf("::1"), "0:0:0:0::/64");
  assert.equal(networkOf("::"), "0:0:0:0::/64");
  assert.equal(networkOf("1:2:3:4:5:6:7:8"), "1:2:3:4::/64");
  assert.equal(networkOf("1::"), "1:0:0:0::/64");
  assert.equal(networkOf("64:ff9b::192.0.2.1"), "64:ff9b:0:0::/64");
  assert.equal(networkOf("::192.0.2.1"), "0:0:0:0::/64", "compatible, not mapped");
  assert.notEqual(networkOf("2001:db8:0:2::1"), networkOf("2001:db8:0:1::1"));
});

test("what is no address is unknown", () => {
  for (const text of [
    "",
    " ",
    "unknown",
    "evil.example",
    "1.2.3",
    "256.1.1.1",
    "0x7f.0.0.1",
    "3221225985",
    "192.0.2.1:80",
    "192.0.2.1, 192.0.2.2",
    "[::1]",
    "::g",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::1::",
    ":",
    ".",
    "1:2:3:4:5:6:7:8/64",
    "::1]/@[::2",
    "%",
    "\n",
  ])
    assert.equal(networkOf(text), "unknown", JSON.stringify(text));
});
