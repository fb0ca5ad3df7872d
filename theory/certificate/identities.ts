/**
 * The algebra of the proof in docs/theory.md, checked exactly by mathjs.
 *
 * A polynomial of degree at most g_k in each variable k that vanishes on a grid of g_k + 1 values a variable is
 * zero. Degrees are read off the parsed expressions, and both sides are evaluated in exact fractions on the grid.
 */
import { all, create, type Fraction, type MathNode, type OperatorNode, type ParenthesisNode } from 'mathjs';

/** Exact fractions throughout: a number in an expression is a fraction. */
const exact = create(all ?? {}, { number: 'Fraction' });

export interface Identity {
  /** The step of the proof in docs/theory.md. */
  readonly step: string;
  readonly left: string;
  readonly right: string;
  readonly variables: readonly string[];
}

/** n = d/2, eta; m or p: indices beyond the kink; e = eta n; v = (1 - e)^2; r = 1 - e. */
export const IDENTITIES: readonly Identity[] = [
  {
    step: 'B: the gradient of 2 t+ - t- over m negative entries is no longer than 2 n c0',
    left: '4*n*(1 - n*eta)^2 - ((n - m)*(2 - (2*n - m)*eta)^2 + m*(1 - (2*n - m)*eta)^2)',
    right: 'm*(3 - eta*(2 - n*eta)*(4*n - m))',
    variables: ['n', 'm', 'eta'],
  },
  {
    step: 'B: its hardest case, m = 1, in terms of v',
    left: '3*n - e*(2 - e)*(4*n - 1)',
    right: '(4*n - 1)*(1 - e)^2 - (n - 1)',
    variables: ['n', 'e'],
  },
  {
    step: 'C: A and B together bound the sum by (4 n gamma) |(s, b)|',
    left: 'n*(2*n)^2*r^2 + (2*n*r^2)^2',
    right: '4*n^2*r^2*(n + r^2)',
    variables: ['n', 'r'],
  },
  {
    step: 'D: for b < 0, the gradient over p active entries',
    left: 'p*(1 - p*eta)^2 + (n - p)*p^2*eta^2',
    right: 'p - p^2*eta*(2 - n*eta)',
    variables: ['n', 'p', 'eta'],
  },
  {
    step: 'D: gamma^2 against 1/(16 n), cleared of denominators',
    left: '4*n*v - (n + v)',
    right: 'v*(4*n - 1) - n',
    variables: ['n', 'v'],
  },
];

/** Whether the two sides are the same polynomial. Errors: RangeError for what is no polynomial. */
export function holdsIdentically({ left, right, variables }: Omit<Identity, 'step'>): boolean {
  const difference = exact.parse(`(${left}) - (${right})`);
  const evaluate = difference.compile();
  const points = variables.map((variable) => Array.from({ length: degree(difference, variable) + 1 }, (_, i) => i + 2));
  return gridOf(points).every((point) => {
    const scope = Object.fromEntries(variables.map((variable, k) => [variable, exact.fraction(point[k] ?? 0, 3)]));
    const value = evaluate.evaluate(scope) as Fraction;
    return exact.equal(value, exact.fraction(0)) === true;
  });
}

/** All combinations of one value from each list. */
function gridOf(lists: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return lists.reduce<number[][]>((rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])), [[]]);
}

/** An upper bound of a polynomial's degree in one variable. */
function degree(node: MathNode, variable: string): number {
  if (exact.isConstantNode(node)) return 0;
  if (exact.isSymbolNode(node)) return node.name === variable ? 1 : 0;
  if (exact.isParenthesisNode(node)) return degree((node as ParenthesisNode).content, variable);
  if (exact.isOperatorNode(node)) {
    const { fn, args } = node as OperatorNode;
    const degrees = args.map((part) => degree(part, variable));
    const [first = 0, second = 0] = degrees;
    if (fn === 'add' || fn === 'subtract' || fn === 'unaryMinus') return Math.max(...degrees);
    if (fn === 'multiply') return first + second;
    const power = args[1];
    if (fn === 'pow' && power !== undefined && exact.isConstantNode(power)) return first * Number(power.value);
  }
  throw new RangeError(`[attribench] "${node.toString()}" is no polynomial: expected +, -, * and constant powers`);
}
