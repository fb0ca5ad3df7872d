/** What kind of work a kernel of TensorFlow.js is. */

/** What stands for a kernel where an engine runs a whole graph. */
export const GRAPH = 'a whole graph';

/** By group: its kernels' names, or how they begin. */
const GROUPS: { readonly [group: string]: RegExp } = {
  graphs: /^a whole graph$/,
  products: /^(_Fused)?(Batch)?MatMul|^Einsum$/,
  convolutions: /^(Fused)?Conv[23]D|^(Fused)?Depthwise/,
  normalisation: /^FusedBatchNorm|BatchNormalisation/,
  pooling: /Pool/,
  reductions: /^(Sum|Mean|Max|Min|Prod|ArgMax|ArgMin|All|Any|LogSoftmax|Softmax|UnsortedSegmentSum|Cumsum)$/,
  'data movement':
    /^(Cast|Concat|ExpandDims|Fill|GatherV2|Identity|OneHot|Pack|PadV2|Range|Reshape|Reverse|Slice|Split|SplitV|StridedSlice|Tile|Transpose|Unpack|ZerosLike|OnesLike)/,
  elementwise:
    /^(Abs|Add|AddN|ClipByValue|Equal|Exp|Expm1|Greater|GreaterEqual|Less|LessEqual|Log|Log1p|LogicalAnd|LogicalNot|LogicalOr|Maximum|Minimum|Multiply|Neg|NotEqual|Pow|RealDiv|FloorDiv|Reciprocal|Relu|ReluGrad|Rsqrt|Select|SelectV2|Sigmoid|Sign|Softplus|Sqrt|Square|SquaredDifference|Step|Sub|Tanh)$/,
};

/** In the report's order; 'other' is what no group knows, 'JavaScript' the time outside of kernels. */
export const GROUP_NAMES: readonly string[] = [...Object.keys(GROUPS), 'other', 'JavaScript'];

/** The group of a kernel; 'other' for one that is in none. */
export function groupOf(kernel: string): string {
  return Object.entries(GROUPS).find(([, names]) => names.test(kernel))?.[0] ?? 'other';
}
