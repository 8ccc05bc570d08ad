import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { AddressCounter, sourceOf } from "../../../server/net/address_counter.ts";

Deno.test("AddressCounter counts each address for itself", () => {
  const counter = new AddressCounter();
  counter.add("127.0.0.1");
  counter.add("127.0.0.1");
  counter.add("::1");
  assertEquals(["127.0.0.1", "::1", "127.0.0.2"].map((one) => counter.count(one)), [2, 1, 0]);
  counter.delete("127.0.0.1");
  assertEquals(["127.0.0.1", "::1"].map((one) => counter.count(one)), [1, 1]);
});

Deno.test("AddressCounter.delete() never counts below zero", () => {
  const counter = new AddressCounter();
  counter.delete("::1");
  assertEquals(counter.count("::1"), 0);
  counter.add("::1");
  counter.delete("::1");
  counter.delete("::1");
  counter.add("::1");
  assertEquals(counter.count("::1"), 1);
});

Deno.test("AddressCounter counts an IPv6 network of 64 bits as one, and a mapped address as IPv4", () => {
  const counter = new AddressCounter();
  counter.add("2001:db8:0:1::1");
  counter.add("2001:db8:0:1:ffff::2");
  counter.add("::ffff:192.0.2.1");
  const addresses = ["2001:db8:0:1::3", "2001:db8:0:2::1", "192.0.2.1", "192.0.2.2"];
  assertEquals(addresses.map((one) => counter.count(one)), [2, 0, 1, 0]);
});

Deno.test("sourceOf() is an IPv4 address, or the first 64 bits of an IPv6 address", () => {
  assertEquals(["192.0.2.1", "::ffff:c000:201"].map(sourceOf), ["192.0.2.1", "192.0.2.1"]);
  assertEquals(sourceOf("2001:db8:0:1::1"), sourceOf("2001:DB8:0:1:ffff::2"));
  assertNotEquals(sourceOf("2001:db8:0:1::1"), sourceOf("2001:db8:0:2::1"));
  assertThrows(() => sourceOf("localhost"), SyntaxError);
});
