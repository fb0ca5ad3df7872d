/**
 * The graphs of a process by what they do, each proven once.
 *
 * Networks of one architecture do the same with other weights: of a grid of retrainings the first proves a graph, which the
 * others follow from their first call on and take once they have done the same twice.
 */
import type { Recording } from './recording.ts';

/** Graphs that nobody uses and that are kept for who may come. */
const MOST_IDLE = 16;

/** What a graph is proven to do. */
export interface Script extends Recording {
  readonly digest: string;
}

interface Entry<Graph> {
  readonly graph: Graph;
  readonly script: Script;
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
  add(script: Script, graph: Graph): void {
    this.#entries.set(script.digest, { graph, script, users: 1 });
  }

  /** Of one graph, or of all, the last first. */
  scripts(key?: string): readonly Script[] {
    const entries = key === undefined ? [...this.#entries.values()].reverse() : [this.#entries.get(key)];
    return entries.flatMap((entry) => entry?.script ?? []);
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
