/**
 * Vitest's own bench reporter, with the closing table where it is read: at the end, once.
 *
 * Under any other reporter a bench file prints its table itself, when its last bench ends; here it
 * hands it over. "x times faster than" is left out: it says nothing about methods of different kinds.
 */
import { BenchmarkReporter, type TestModule, type Vitest } from 'vitest/node';

type RunEnd = Parameters<BenchmarkReporter['onTestRunEnd']>;

export default class AttributionReporter extends BenchmarkReporter {
  override async onInit(vitest: Vitest): Promise<void> {
    vitest.provide('closingTableLast', true);
    await super.onInit(vitest);
  }

  override reportBenchmarkSummary(): void {}

  override async onTestRunEnd(...[modules, errors, reason]: RunEnd): Promise<void> {
    await super.onTestRunEnd(modules, errors, reason);
    for (const closing of modules.flatMap((module: TestModule) => module.meta().closing ?? []))
      this.log(`\n${closing}`);
  }
}
