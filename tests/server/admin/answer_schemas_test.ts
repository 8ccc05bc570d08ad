import type { z } from "@hono/zod-openapi";
import { assertEquals } from "@std/assert";
import * as schemas from "../../../server/admin/answer_schemas.ts";
import type { Limits } from "../../../server/limits.ts";
import type {
  CloseOutcome,
  DescriptorPage,
  DrainProgress,
  HostDescription,
  OperatedConnection,
  OperatedDescription,
  PingOutcome,
  Snapshot,
  TapEvent,
} from "../../../server/operations/operations.ts";
import { fakeConnections, FakeOperations } from "../../helpers/fake_operations.ts";

/** A type without `readonly` and `?`, which schemas have otherwise. */
type Plain<T> = T extends readonly (infer Item)[] ? Plain<Item>[]
  : T extends object ? { -readonly [Key in keyof T]-?: Plain<Exclude<T[Key], undefined>> }
  : T;

/** Whether a schema and a type say the same. */
type Same<Schema extends z.ZodType, Type> = Plain<z.infer<Schema>> extends Plain<Type>
  ? Plain<Type> extends Plain<z.infer<Schema>> ? true : false
  : false;

type OwnPage = Omit<DescriptorPage, "next"> & { next: string | null };

// What is wrong here does not compile: a field of operations.ts that no schema has, or another way.
const SAME: [
  Same<typeof schemas.connectionSchema, OperatedConnection>,
  Same<typeof schemas.descriptionSchema, OperatedDescription>,
  Same<typeof schemas.closeOutcomeSchema, CloseOutcome>,
  Same<typeof schemas.pingOutcomeSchema, PingOutcome>,
  Same<typeof schemas.tapEventSchema, TapEvent>,
  Same<typeof schemas.descriptorsSchema, OwnPage>,
  Same<typeof schemas.snapshotSchema, Snapshot>,
  Same<typeof schemas.hostSchema, HostDescription>,
  Same<typeof schemas.drainSchema, DrainProgress>,
  Same<typeof schemas.limitsSchema, Limits>,
] = [true, true, true, true, true, true, true, true, true, true];

Deno.test("the schemas say the same as the types of what is answered", async () => {
  assertEquals(SAME.every(Boolean), true);
  const operations = new FakeOperations(
    fakeConnections(200).map((one) => ({ ...one, worker: one.id % 2 })),
  );
  const { key } = operations.connections[0]!;
  // A schema that misses a field would leave it out.
  const keeps = (schema: z.ZodType, data: unknown) => assertEquals(schema.parse(data), data);
  keeps(schemas.snapshotSchema, await operations.snapshot());
  keeps(schemas.hostSchema, await operations.host());
  keeps(schemas.descriptionSchema, await operations.describe(key));
  keeps(schemas.limitsSchema, await operations.limits());
  keeps(schemas.drainSchema, await operations.drain());
  for (const one of (await operations.query({ sort: "rate" })).connections) {
    keeps(schemas.connectionSchema, one);
  }
  keeps(schemas.descriptorsSchema, { ...await operations.descriptors(), next: null });
});
