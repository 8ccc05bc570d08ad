/**
 * Writes what can be typed after `fourtuple` in the languages of shells. The scripts need nothing but
 * the shell, and start no process while somebody types.
 *
 * @module
 */

import type { CompletedCommand, CompletedOption, Shell } from "./completion_table.ts";

/** What the program itself takes before any command. */
const PROGRAM: readonly Pick<CompletedOption, "flag" | "summary">[] = [
  { flag: "--version", summary: "Print the version" },
  { flag: "-V", summary: "Print the version" },
];

/**
 * Writes a script.
 *
 * @param shell The shell that is to run it.
 * @param commands What can be typed. The options of the first may stand without it.
 */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const [first] = commands;
  return `# Completions of fourtuple for bash: eval "$(fourtuple completions bash)"

_fourtuple() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= IFS=$' \\n'
  COMPREPLY=()
  # "--sort=age" comes as three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD > 1)); then command=\${COMP_WORDS[1]}; fi
  if [[ $command == -* ]]; then command=${first!.name}; fi
  case "$command $before" in
${
    valueCases(commands, {
      choice: (values) => `COMPREPLY=($(compgen -W ${quoted(values.join(" "))} -- "$word"))`,
      file: "compopt -o default",
      text: ":",
    })
  }
  esac
  local words= options=
  case $command in
    "")
      words=${quoted(commands.map(({ name }) => name).join(" "))}
      options=${quoted([...first!.options, ...PROGRAM].map(({ flag }) => flag).join(" "))}
      ;;
${
    commands.map(({ name, options, words }) =>
      `    ${name})
      words=${quoted(words.join(" "))}
      options=${quoted(options.map(({ flag }) => flag).join(" "))}
      ;;`
    ).join("\n")
  }
  esac
  if [[ $word == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}

complete -F _fourtuple fourtuple
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const [first] = commands;
  const described = (items: readonly Pick<CompletedOption, "flag" | "summary">[]): string =>
    items.map(({ flag, summary }) => quoted(`${flag}:${summary}`)).join(" ");
  return `#compdef fourtuple
# Completions of fourtuple for zsh: source <(fourtuple completions zsh)
# or, with this as a file "_fourtuple" in a directory of $fpath, by themselves.

_fourtuple() {
  local before=$words[CURRENT-1] command=
  local -a names options
  if ((CURRENT > 2)); then command=$words[2]; fi
  if [[ $command == -* ]]; then command=${first!.name}; fi
  if compset -P '--*='; then before=\${IPREFIX%=}; fi
  case "$command $before" in
${
    valueCases(commands, {
      choice: (values) => `compadd -- ${values.join(" ")}`,
      file: "_files",
      text: ":",
    })
  }
  esac
  case $command in
    "")
      names=(${described(commands.map(({ name, summary }) => ({ flag: name, summary })))})
      options=(${described([...first!.options, ...PROGRAM])})
      _describe command names
      ;;
${
    commands.map(({ name, options, words }) =>
      `    ${name})
      options=(${described(options)})
` + (words.length === 0 ? "" : `      compadd -- ${words.join(" ")}\n`) + "      ;;"
    ).join("\n")
  }
  esac
  _describe -o option options
}

if [[ $funcstack[1] == _fourtuple ]]; then _fourtuple "$@"; else compdef _fourtuple fourtuple; fi
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, options, words }, index) => [
    `complete -c fourtuple -n '__fourtuple_after ""' -a ${name} -d ${fishQuoted(summary)}`,
    ...words.map((word) => `complete -c fourtuple -n '__fourtuple_after ${name}' -a ${word}`),
    ...options.map((option) =>
      fishLine(`__fourtuple_after ${name}${index === 0 ? ' ""' : ""}`, option)
    ),
  ]);
  const program = PROGRAM.map((option) =>
    fishLine('__fourtuple_after ""', { ...option, takes: "nothing", values: [] })
  );
  return `# Completions of fourtuple for fish: fourtuple completions fish | source

function __fourtuple_after --description 'Whether one of these commands, or none, was typed'
  set -l words (commandline -opc)
  set -l command ''
  if set -q words[2]
    set command $words[2]
    string match -q -- '-*' $command; and set command ${commands[0]!.name}
  end
  contains -- $command $argv
end

complete -c fourtuple -f
${[...lines, ...program].join("\n")}
`;
}

function fishLine(condition: string, { flag, takes, values, summary }: CompletedOption): string {
  const name = flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
  const value = {
    nothing: "",
    file: " -r -F",
    choice: ` -x -a ${quoted(values.join(" "))}`,
    text: " -x",
  }[takes];
  return `complete -c fourtuple -n '${condition}' ${name}${value} -d ${fishQuoted(summary)}`;
}

/** What completes the value of an option, in the language of a shell. */
interface ValueWriter {
  choice(values: readonly string[]): string;
  readonly file: string;
  readonly text: string;
}

/** Writes a case for each option that takes a value. */
function valueCases(commands: readonly CompletedCommand[], writer: ValueWriter): string {
  return commands.flatMap(({ name, options }) =>
    options.filter(({ takes }) => takes !== "nothing").map(({ flag, takes, values }) => {
      const action = takes === "choice"
        ? writer.choice(values)
        : takes === "file"
        ? writer.file
        : writer.text;
      return `    "${name} ${flag}") ${action}; return ;;`;
    })
  ).join("\n");
}

/** Quotes a text for bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Quotes a text for fish, where a backslash counts between quotes too. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
