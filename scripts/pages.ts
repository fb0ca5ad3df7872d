/** The pages of docs/methods, one a family, from the plugins of this package: by path, with their text. */
import type { Family } from '../harness/contracts.ts';
import { FAMILIES, familyPage } from '../harness/handbook.ts';
import { packageRoot, Registry } from '../harness/plugins.ts';

export async function pages(): Promise<ReadonlyMap<string, string>> {
  const registry = await Registry.load({ from: packageRoot });
  const methods = registry.all('method').flatMap(({ plugin, fromProject }) => (fromProject ? [] : [plugin]));
  return new Map(
    (Object.keys(FAMILIES) as Family[]).map((family) => {
      const members = methods.filter(({ about }) => about?.family === family);
      return [`docs/methods/${family}.md`, familyPage(family, members)];
    }),
  );
}
