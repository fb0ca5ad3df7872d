#!/usr/bin/env node
// The command: compiled JavaScript when packed, the TypeScript sources (through tsx) in the repository.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const compiled = new URL('../harness/cli/main.js', import.meta.url);
const packed = existsSync(fileURLToPath(compiled));
if (!packed) (await import('tsx/esm/api')).register();
const { runCli } = await import((packed ? compiled : new URL('../harness/cli/main.ts', import.meta.url)).href);
await runCli(process.argv.slice(2));
