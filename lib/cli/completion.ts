import { Argument, Command, type Option as Flag } from 'commander';
import { print } from './print.js';

const shells = ['bash', 'zsh', 'fish'] as const;

const examples = `
Examples:
  $ source <(bilevel completion bash)                                            in ~/.bashrc
  $ source <(bilevel completion zsh)                                             in ~/.zshrc, after compinit
  $ bilevel completion fish > ~/.config/fish/completions/bilevel.fish            once`;

/** @param all the commands whose words are completed */
export function completionCommand(all: () => readonly Command[]): Command {
  return new Command('completion')
    .description('Prints a script by which a shell completes commands, options and their values.')
    .addArgument(new Argument('<shell>', 'Shell that is to complete').choices(shells))
    .addHelpText('after', examples)
    .action((shell: (typeof shells)[number]) => print(scripts[shell](all()).trimEnd()));
}

const shown = ({ options }: Command): readonly Flag[] => options.filter(({ hidden }) => !hidden);

/** `'a b'` as one word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Words by the flag before them: what it may be given, where that is one of a few. */
function valuesOf(command: Command): readonly (readonly [flag: string, values: readonly string[]])[] {
  return shown(command).flatMap(({ long, argChoices }) =>
    long === undefined || argChoices === undefined ? [] : [[long, argChoices] as const],
  );
}

function bash(commands: readonly Command[]): string {
  const names = commands.map((command) => command.name()).join(' ');
  const cases = commands.map((command) => {
    const flags = [...shown(command).map(({ long }) => long), '--help'].join(' ');
    const values = valuesOf(command).map(([flag, list]) => `        ${flag}) words=${quoted(list.join(' '))} ;;`);
    return [
      `    ${command.name()})`,
      `      case "$cur" in -*) words=${quoted(flags)} ;; esac`,
      ...(values.length === 0 ? [] : ['      case "$prev" in', ...values, '      esac']),
      '      ;;',
    ].join('\n');
  });
  return `_bilevel() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(`${names} --help --version`)} -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
# Where nothing fits, names of files are completed.
complete -o default -F _bilevel bilevel
`;
}

const zsh = (commands: readonly Command[]): string => `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;

function fish(commands: readonly Command[]): string {
  const first = commands.map(
    (command) =>
      `complete -c bilevel -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(sentence(command.description()))}`,
  );
  const flags = commands.flatMap((command) =>
    shown(command).flatMap(({ long, description, required, optional, argChoices }) => {
      if (long === undefined) return [];
      const value = argChoices === undefined ? '' : ` -x -a ${quoted(argChoices.join(' '))}`;
      const takes = value === '' && (required || optional) ? ' -r' : value;
      return [
        `complete -c bilevel -n '__fish_seen_subcommand_from ${command.name()}' -l ${long.slice(2)}${takes} -d ${quoted(sentence(description))}`,
      ];
    }),
  );
  return [...first, ...flags, ''].join('\n');
}

/** The first sentence of a text. */
const sentence = (text: string): string => (text.split(/(?<=[.;]) /, 1)[0] ?? text).replace(/[.;]$/, '');

const scripts: Readonly<Record<(typeof shells)[number], (commands: readonly Command[]) => string>> = {
  bash,
  zsh,
  fish,
};
