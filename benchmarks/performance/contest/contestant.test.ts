import { expect, it } from 'vitest';
import { type Contestant, team } from './contestant.ts';
import type { ContestJob } from './prepare.ts';

interface Shared extends ContestJob {
  readonly images: number;
}

it('a team gives each member its part, waits for the last, and adds up what processors did', async () => {
  const asked: string[] = [];
  const member = (name: string, milliseconds: number): Contestant => ({
    name,
    prepare: async (job) => {
      asked.push(`${name} ${(job as Shared).images}`);
      return { [name]: '1' };
    },
    run: async () => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      asked.push(`${name} ran`);
      return { wall: milliseconds / 1000, processor: milliseconds };
    },
    save: async () => {},
    end: async () => {
      asked.push(`${name} ended`);
    },
  });
  const both = team<Shared>([member('a', 40), member('b', 1)], (job, place) => ({
    ...job,
    images: job.images + place,
  }));
  const job: Shared = { kind: 'attribution', network: 'none', classes: 2, file: 'none', images: 7 };
  expect(await both.prepare(job)).toEqual({ a: '1', b: '1' });
  const { wall, processor } = await both.run();
  expect(processor).toBe(41);
  expect(wall).toBeGreaterThan(0.03);
  await both.end();
  expect(asked).toEqual(['a 7', 'b 8', 'b ran', 'a ran', 'a ended', 'b ended']);
  expect(() => both.save('none')).toThrow('save what one contestant computed');
});
