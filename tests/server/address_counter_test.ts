import { assertEquals } from "@std/assert";
import { AddressCounter } from "../../server/address_counter.ts";

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
