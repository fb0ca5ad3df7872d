/** The linear programming solver, loaded once, and its answer to one program. */
import highsModule, { type Highs, type ModelData, type Solution } from 'highs';

// The package's types describe its CommonJS build; in an ES module the default export is the loader itself.
const load = highsModule as unknown as typeof highsModule.default;
let loaded: ReturnType<typeof load> | undefined;

/** HiGHS in WebAssembly, silent. */
export function loadHighs(): ReturnType<typeof load> {
  loaded ??= load();
  return loaded;
}

/** The optimal solution; an error in the name of `search` where there is none. */
export function optimum(highs: Highs, program: ModelData, search: string): Solution {
  return highs.withModel(program, (model) => {
    model.run();
    if (model.getModelStatus() !== highs.constants.modelStatus.optimal) {
      throw new Error(`[attribench] ${search}: HiGHS ended with status ${model.getModelStatus()}, expected optimal`);
    }
    return model.getSolution();
  });
}
