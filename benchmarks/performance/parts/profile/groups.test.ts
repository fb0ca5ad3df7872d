import { expect, test } from 'vitest';
import { GRAPH, GROUP_NAMES, groupOf } from './groups.ts';

test.each([
  [GRAPH, 'graphs'],
  ['BatchMatMul', 'products'],
  ['_FusedMatMul', 'products'],
  ['Conv2DBackpropFilter', 'convolutions'],
  ['FusedDepthwiseConv2D', 'convolutions'],
  ['FusedBatchNorm', 'normalisation'],
  ['MaxPoolGrad', 'pooling'],
  ['Sum', 'reductions'],
  ['GatherV2', 'data movement'],
  ['AddN', 'elementwise'],
  ['ReluGrad', 'elementwise'],
  ['Addition', 'other'],
  ['NonMaxSuppressionV3', 'other'],
])('%s is of the %s', (kernel, group) => {
  expect(groupOf(kernel)).toBe(group);
  expect(GROUP_NAMES).toContain(group);
});
