/**
 * The graphs of a process by what they do, each proven once.
 *
 * Networks of one architecture do the same with other weights: of a grid of retrainings the first proves a graph, the others take
 * it once they have done the same twice.
 */

/** Graphs that nobody uses and that are kept for who may come. */
const MOST_IDLE = 16;

interface Entry<Graph> {
  readonly graph: Graph;
  users: number;
}

export class GraphCache<Graph extends { dispose(): void }> {
  /** Those without users in the order of their last. */
  readonly #entries = new Map<string, Entry<Graph>>();

  /** A proven graph, held until it is given back. */
  take(key: string): Graph | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.users++;
    return entry.graph;
  }

  /** Adds a graph, held by its maker. */
  add(key: string, graph: Graph): void {
    this.#entries.set(key, { graph, users: 1 });
  }

  giveBack(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.users--;
    if (entry.users > 0) return;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    for (const [oldest, { graph }] of idle.slice(0, Math.max(0, idle.length - MOST_IDLE))) {
      this.#entries.delete(oldest);
      graph.dispose();
    }
  }
}
