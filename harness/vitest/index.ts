/** What bench and test files import: `attribench/vitest`. */
export { type ConformanceOptions, conformance } from './conformance.ts';
export { attributionSuite } from './suite.ts';
