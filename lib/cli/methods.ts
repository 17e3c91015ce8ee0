import { Command, Option as Flag } from 'commander';
import { describeOption, type Option, valueText } from '../options.js';
import {
  type AnyMethod,
  complexityOf,
  findMethod,
  lowerDescendsUpperNote,
  type MemoryOrder,
  methodNames,
} from '../solvers/index.js';
import { wrapText } from './output.js';
import { print, printJson, style } from './print.js';

interface Flags {
  readonly json?: true;
}

const examples = `
Evaluations are gradients of f and g (∇f, ∇g) and products with grad_vv g (Hv) and grad_uv g (Jv).
Memory is told by the sizes U and V of both levels and the number T of lower steps.

Examples:
  $ bilevel methods
  $ bilevel methods aidCg
  $ bilevel methods soba --json`;

export function methodsCommand(): Command {
  return new Command('methods')
    .description('Lists the bilevel methods with source, cost and memory; or tells all options of one of them.')
    .argument('[name]', 'Method to tell about')
    .addOption(new Flag('--json', 'Prints JSON'))
    .addHelpText('after', examples)
    .action(run);
}

function run(name: string | undefined, { json }: Flags): void {
  const method = name === undefined ? undefined : findMethod(name);
  const shown = method === undefined ? methodNames.map(findMethod) : [method];
  if (json) {
    const records = shown.map(methodJson);
    printJson(method === undefined ? { methods: records } : records[0], 2);
    return;
  }
  const blocks = shown.map(describeMethod);
  if (method !== undefined) blocks.push(describeOptions(method));
  print(blocks.join('\n\n'));
}

const memoryTexts: Readonly<Record<MemoryOrder, string>> = {
  constant: 'U + V',
  squareRoot: 'U + V √T',
  linear: 'U + V T',
  matrices: 'V (U + V)',
  tangents: 'U (U + V)',
};

const columns = [
  ['∇f', 'fGradients'],
  ['∇g', 'gGradients'],
  ['Hv', 'hessianVectorProducts'],
  ['Jv', 'jacobianVectorProducts'],
] as const;

function describeMethod(method: AnyMethod): string {
  const { name, title, source, summary } = method;
  const { atDefaults, formulas, varies, symbols } = complexityOf(method);
  const costs = columns.map(([symbol, kind]) => {
    const number = String(Math.round(10 * atDefaults[kind]) / 10);
    const formula = formulas[kind];
    if (formula !== undefined && /[UV]/.test(formula)) return `${symbol} ${formula}`;
    const equals = Number.isInteger(atDefaults[kind]) ? '=' : '≈';
    return `${symbol} ${formula === undefined || formula === number ? number : `${formula} ${equals} ${number}`}`;
  });
  const meanings = Object.entries(symbols).filter(([symbol, option]) => symbol !== option);
  const notes = [
    `memory ${memoryTexts[method.memory(method.validate())]}`,
    ...meanings.map(([symbol, option]) => `${symbol} is ${option}`),
    ...(varies ? ['iterations differ, so the numbers are means'] : []),
  ];
  const descends = method.lowerDescendsUpper ? ` ${lowerDescendsUpperNote}` : '';
  return [
    `${style('bold', name)}  ${title}`,
    wrapText(`${summary}${descends}`, 2),
    style('dim', wrapText(source, 2)),
    wrapText(costs.map((cost) => cost.padEnd(14)).join('  '), 2),
    wrapText(notes.join('; '), 2),
  ].join('\n');
}

function describeOptions(method: AnyMethod): string {
  const items = Object.entries(method.options).map(([key, option]) =>
    [
      `${style('bold', key)}  ${describeOption(option)}; default ${valueText(option.default)}`,
      wrapText(option.text, 4),
      ...(option.source === undefined ? [] : [style('dim', wrapText(`Default from ${option.source}`, 4))]),
    ]
      .join('\n')
      .replace(/^/, '  '),
  );
  return [style('bold', 'Options'), ...items].join('\n');
}

function methodJson(method: AnyMethod): object {
  const {
    name,
    title,
    source,
    summary,
    options,
    interior = false,
    handlesConstraints = false,
    lowerDescendsUpper = false,
  } = method;
  const { symbols, ...evaluations } = complexityOf(method);
  return {
    name,
    title,
    source,
    summary,
    evaluations: { ...evaluations, symbols },
    memory: method.memory(method.validate()),
    interior,
    handlesConstraints,
    lowerDescendsUpper,
    options: Object.fromEntries(Object.entries(options).map(([key, option]) => [key, optionJson(option)])),
  };
}

/** The record of the table, with its default as it is typed. */
function optionJson(option: Option): object {
  return { ...option, default: option.kind === 'schedule' ? valueText(option.default) : option.default };
}
