/**
 * What is known of plugins, as Markdown that also reads well on a terminal: `attribench list --long` and the pages in
 * docs/methods are made of these entries, so that neither can drift from the plugins.
 */
import type { Axiom, Family, Method } from './contracts.ts';
import type { Plugin } from './define.ts';

const WIDTH = 120;

/** Headings of the pages, in the order in which they are best read. */
export const FAMILIES: { readonly [family in Family]: string } = {
  gradient: 'Gradients, their averages and paths of them',
  propagation: 'Rules of backward propagation',
  activation: 'Class activation maps',
  'black-box': 'Black boxes: perturbations of the input',
  control: 'Controls and the oracle',
};

/** What each axiom says, in a line. */
const AXIOMS: { readonly [axiom in Axiom]: string } = {
  completeness: 'the map sums to the logit at the image less the logit at the baseline',
  sensitivity: 'a coordinate that alone differs from the baseline, and moves the logit, gets something',
  linearity: 'the map of a F + b G is a times the map of F plus b times the map of G',
  symmetry: 'coordinates that the function lets swap, and that are equal, get the same',
  'implementation-invariance': 'networks that compute the same function get the same map',
  dummy: 'a coordinate that the function does not depend on gets nothing',
  'conservation-without-bias': 'without biases the map sums to the logit',
  'input-shift-invariance': 'a constant added to the input and undone by the first bias changes nothing',
};

/** One plugin: `heading` is the level of its title, from 1. */
export function entry(plugin: Plugin, id: string, heading = 2): string {
  const blocks = [
    `${'#'.repeat(heading)} ${plugin.title}`,
    ...(plugin.kind === 'method' ? methodBlocks(plugin, id) : [`\`${id}\``]),
    paragraph(`Source: ${sentence(plugin.cite)}`),
    ...(plugin.kind === 'check' ? [paragraph(`Passes: ${sentence(plugin.criterion)}`)] : []),
    ...parameterBlocks(plugin),
    ...(plugin.kind === 'method' ? claims(plugin) : []),
  ];
  return blocks.join('\n\n');
}

/** The page of one family: its methods, which are all of that family, in the order given. */
export function familyPage(family: Family, methods: readonly Method[]): string {
  const headings = methods.map(({ title }) => anchor(title));
  const contents = methods.map(({ id, title }, i) => {
    const before = headings.slice(0, i).filter((other) => other === headings[i]).length;
    return `- [${title}](#${headings[i]}${before === 0 ? '' : `-${before}`}) \`${id}\``;
  });
  const claimed = (Object.keys(AXIOMS) as Axiom[]).filter((axiom) =>
    methods.some(
      ({ axioms, about }) => axioms.includes(axiom) || about?.failures.some((known) => known.axiom === axiom),
    ),
  );
  const axioms = claimed.map((axiom) => paragraph(`- *${axiom}*: ${AXIOMS[axiom]}`, '  ')).join('\n');
  const blocks = [
    `# ${FAMILIES[family]}`,
    paragraph(
      'Made by `npm run docs` from the plugins in [methods](../../methods): change those, not this page. How each fares in the checks stands in the [leaderboard](../../results/README.md). In formulas x is the image, c the class explained, f and logit_c its logit, b the baseline, R the relevance of what the index says.',
    ),
    contents.join('\n'),
    ...(axioms === ''
      ? []
      : [
          paragraph(
            'An axiom that is claimed is tested on random networks, and one that is listed as failing has a counterexample that the same tests must find ([conformance](../../harness/vitest/conformance.ts)):',
          ),
          axioms,
        ]),
    ...methods.map((method) => entry(method, method.id)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function methodBlocks({ role, needs, requires, rank, about }: Method, id: string): string[] {
  const wants = [
    ...(requires.reference === undefined ? [] : [`${requires.reference} reference images`]),
    ...(requires.truth === undefined ? [] : ['the signal masks']),
    ...Object.entries(requires.auxiliary ?? {}).map(([name, { model, training }]) => `${name}: ${model}, ${training}`),
  ];
  const facts = [
    `\`${id}\``,
    role,
    `needs ${needs.join(' and ')}`,
    ...(wants.length === 0 ? [] : [`requires ${wants.join(', ')}`]),
    rank === 'magnitude' ? 'ranked by |value|' : 'ranked by value',
  ];
  return [
    facts.join(' · '),
    ...(about === undefined
      ? []
      : [
          about.formula.replace(/^/gm, '    '),
          paragraph(`Map: ${sentence(about.map)}`),
          ...(about.text === undefined ? [] : [paragraph(about.text)]),
        ]),
  ];
}

function parameterBlocks(plugin: Plugin): string[] {
  if (plugin.kind === 'profile') return [];
  const meanings: { readonly [name: string]: string } = (plugin.kind === 'method' && plugin.about?.parameters) || {};
  const lines = Object.entries(plugin.parameters).map(([name, value]) => {
    const meaning = meanings[name];
    return paragraph(`- \`${name}\` = ${JSON.stringify(value)}${meaning === undefined ? '' : `: ${meaning}`}`, '  ');
  });
  return lines.length === 0 ? [] : ['Parameters:', lines.join('\n')];
}

function claims({ axioms, about }: Method): string[] {
  const failures = (about?.failures ?? []).map(({ text, cite, axiom }) => {
    const broken = axiom === undefined ? '' : `*${axiom}*: `;
    return paragraph(`- ${broken}${sentence(text)} (${cite})`, '  ');
  });
  return [
    ...(axioms.length === 0 ? [] : [paragraph(`Axioms claimed: ${axioms.join(', ')}.`)]),
    ...(failures.length === 0 ? [] : ['Known failures:', failures.join('\n')]),
  ];
}

const sentence = (text: string) => (/[.?!]$/.test(text) ? text : `${text}.`);

/** A heading's anchor as GitHub makes it, but for the number that sets equal ones apart. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Words wrapped to the page; a line never begins with what Markdown would take for a list, a heading or a quote. */
function paragraph(text: string, indent = ''): string {
  const words = text.replace(/ (?=[-+*#>=|]|\d+[.)] )/g, '\u00a0').split(' ');
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > WIDTH) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\n').replaceAll('\u00a0', ' ');
}
