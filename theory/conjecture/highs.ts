/** The linear programming solver, loaded once. */
import highsModule from 'highs';

// The package's types describe its CommonJS build; in an ES module the default export is the loader itself.
const load = highsModule as unknown as typeof highsModule.default;
let loaded: ReturnType<typeof load> | undefined;

/** HiGHS in WebAssembly, silent. */
export function loadHighs(): ReturnType<typeof load> {
  loaded ??= load();
  return loaded;
}
