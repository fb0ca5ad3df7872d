import { attributionSuite } from 'attribench/vitest';

await attributionSuite();
