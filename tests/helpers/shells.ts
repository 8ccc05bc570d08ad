import type { Shell } from "../../server/cli/completions/completion_table.ts";

/** What a shell prints when the tab key is pressed at the end of a line, one candidate per line. */
const PRESS_TAB: Readonly<Record<Shell, string>> = {
  // bash hands words to the function that a script registers; its "=" are words of their own.
  bash: `
    line=\${2//=/ = }
    read -ra COMP_WORDS <<<"$line"
    if [[ $line == *' ' ]]; then COMP_WORDS+=(""); fi
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    compopt() { echo "compopt $*"; }
    complete() { function=$2; }
    source "$1"
    $function
    printf '%s\\n' "\${COMPREPLY[@]}"
  `,
  fish: `
    source $argv[1]
    complete -C $argv[2] | string split -f 1 \\t
  `,
  // zsh completes in its line editor alone, so another one runs in a terminal of its own.
  zsh: `
    zmodload zsh/zpty
    export SCRIPT=$1 SEEN=$1.seen
    : >$SEEN
    cat >$1.setup <<'SETUP'
      autoload -Uz compinit; compinit -D -u
      source $SCRIPT
      compadd() {
        local -a hits
        builtin compadd -O hits "$@"
        print -rl -- $hits >>$SEEN
        builtin compadd "$@"
      }
      LISTMAX=10000
      PROMPT='READY> '
SETUP
    zpty inner zsh -f -i
    zpty -w inner "source $1.setup"
    zpty -r inner output '*READY> *'
    zpty -w -n inner "$2"$'\\t\\x15exit\\n'
    while zpty -r inner output; do :; done
    cat $SEEN
  `,
};

/** The command line before a program in the language of a shell. */
const RUN: Readonly<Record<Shell, readonly string[]>> = {
  bash: ["bash", "--norc", "-c"],
  fish: ["fish", "--no-config", "-c"],
  zsh: ["zsh", "-f", "-c"],
};

/** The longest that a shell may take, in milliseconds; only a failing test meets it. */
const LIFETIME = 30_000;

/** Whether a shell is there. */
export async function hasShell(shell: Shell): Promise<boolean> {
  try {
    return (await run(shell, "exit 0")).success;
  } catch {
    return false; // there is no such program
  }
}

/**
 * Presses the tab key in a real shell.
 *
 * @param shell The shell.
 * @param script What it has been told about completions.
 * @param line What was typed, up to the end of the line.
 * @returns The candidates, sorted, each once.
 */
export async function pressTab(shell: Shell, script: string, line: string): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/script`;
    await Deno.writeTextFile(path, script);
    const { stdout, stderr } = await run(shell, PRESS_TAB[shell], path, line);
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (err !== "") throw new Error(`${shell} has complained: ${err}`);
    return [...new Set(out!.split("\n").filter((candidate) => candidate !== ""))].sort();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(shell: Shell, program: string, ...words: string[]): Promise<Deno.CommandOutput> {
  const [command = "", ...args] = RUN[shell];
  // bash and zsh take the first word behind the program for a name of their own.
  const name = shell === "fish" ? [] : [shell];
  return await new Deno.Command(command, {
    args: [...args, program, ...name, ...words],
    env: { TERM: "dumb", HOME: "/nonexistent" },
    stdin: "null",
    signal: AbortSignal.timeout(LIFETIME),
  }).output();
}
