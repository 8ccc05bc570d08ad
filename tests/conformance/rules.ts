import { FRAME_RULES } from "./rfc6455_frames.ts";
import { HANDSHAKE_RULES } from "./rfc6455_handshake.ts";
import { OTHER_RULES } from "./rfc6455_rest.ts";
import { DEFLATE_RULES } from "./rfc7692.ts";
import { MESSAGE_RULES } from "./rfc9112.ts";
import type { Row, Rule, Table, Vulnerability } from "./rule.ts";
import { VULNERABILITIES } from "./vulnerabilities.ts";

/** The tables of CONFORMANCE.md, in their order. */
export const TABLES: readonly Table[] = [
  {
    title: "RFC 6455: the WebSocket protocol",
    text: "Every MUST, MUST NOT, REQUIRED and SHALL, in the order of the text, in other words.",
    columns: ["Section", "Binds", "Demands"],
    rows: [...HANDSHAKE_RULES, ...FRAME_RULES, ...OTHER_RULES].map(ruleRow),
  },
  {
    title: "RFC 7692: permessage-deflate",
    text: "The same, and the steps and the values that it lays down without a MUST.",
    columns: ["Section", "Binds", "Demands"],
    rows: DEFLATE_RULES.map(ruleRow),
  },
  {
    title: "RFC 9112: HTTP/1.1",
    text: "What keeps two readers from cutting a request in two ways: framing, and smuggling.",
    columns: ["Section", "Binds", "Demands"],
    rows: MESSAGE_RULES.map(ruleRow),
  },
  {
    title: "Vulnerabilities of other software",
    text: "What a peer, or an application, did there; the tests do the same to us.",
    columns: ["Name", "Where", "Input", "Lesson"],
    rows: VULNERABILITIES.map(vulnerabilityRow),
  },
];

function ruleRow(rule: Rule): Row {
  return { cells: [rule.section, rule.who, rule.rule], shown: rule };
}

function vulnerabilityRow(vulnerability: Vulnerability): Row {
  const { name, where, input, lesson } = vulnerability;
  return { cells: [name, where, input, lesson], shown: vulnerability };
}
