/** A test: its file, from tests/, and its name, in which `…` stands for any text. */
export type Proof = readonly [file: string, name: string];

/** What shows that something is so, or why nothing does. */
export interface Shown {
  /** The tests that show it; none where it is not ours, or where tests are still missing. */
  readonly tests?: readonly Proof[];
  /** Why it binds nothing that is in here. */
  readonly notOurs?: string;
  /** Why we do not keep to it, or not yet. */
  readonly notKept?: string;
}

/** A demand of an RFC. */
export interface Rule extends Shown {
  /** The section that has it. */
  readonly section: string;
  /** Whom it binds. */
  readonly who:
    | "client"
    | "server"
    | "both"
    | "browser"
    | "intermediary"
    | "extension author"
    | "application";
  /** What it demands, in words of our own. */
  readonly rule: string;
}

/** A vulnerability that other software had. */
export interface Vulnerability extends Shown {
  /** Its CVE numbers or advisories. */
  readonly name: string;
  /** The software that had it. */
  readonly where: string;
  /** What the peer sent. */
  readonly input: string;
  /** What is to be learned from it. */
  readonly lesson: string;
}

/** A table of the report. */
export interface Table {
  readonly title: string;
  /** What the table holds, in a few sentences. */
  readonly text: string;
  /** The heads of the columns before the tests. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** A row: the cells before the tests, and what shows it. */
export interface Row {
  readonly cells: readonly string[];
  readonly shown: Shown;
}
