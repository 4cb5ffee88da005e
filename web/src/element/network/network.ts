import type { LayerSummary } from "../../inspection.js";
import { type Block, evenBlocks, findBlocks } from "./blocks.js";

/** A nested model, or a block of layers; folded it is one box, unfolded a frame around its own. */
export interface Container {
  /** A nested model's row, or a number behind all rows. */
  id: number;
  title: string;
  kind: "model" | "block";
  /** The container around it; none at the top. */
  parent: number | undefined;
  /** Of the layers in it, at any depth. */
  rows: number[];
}

/** What is drawn: a layer, or a folded container. */
export interface Box {
  /** The layer's row, or the container's number. */
  id: number;
  kind: "layer" | Container["kind"];
  /** The unfolded container that it stands in. */
  parent: number | undefined;
  /** Of the layer, or of all in the folded container. */
  rows: readonly number[];
}

export interface Drawing {
  boxes: Box[];
  /** Ids of boxes, from the one that gives to the one that takes; each once. */
  edges: [from: number, to: number][];
  /** The containers that are unfolded. */
  frames: Container[];
}

/** More layers than these beside each other, and their blocks are folded at first. */
const MOST_UNFOLDED = 60;
/** More boxes than these of one model are too many to look through, folded as they are. */
const MOST_FOLDED = 400;
const EVEN_BLOCKS = 150;
/** More boxes than these take dagre seconds; above some 2000 its recursion may end. */
const MOST_BOXES = 1000;

/** The layers of a model as a graph whose nested models and blocks can be folded. */
export class Network {
  readonly containers = new Map<number, Container>();
  /** The innermost container of each row that is a layer; a nested model's row is a container itself. */
  private readonly containerOf = new Map<number, number>();
  private readonly children = new Map<number | undefined, number[]>();
  private readonly edges: [number, number][] = [];

  constructor(private readonly layers: readonly LayerSummary[]) {
    this.readDepths();
    for (const [model, rows] of [...this.children]) this.addBlocks(model, rows);
    for (const row of layers.keys()) this.addEdges(row);
  }

  /** What is best unfolded at first: all of a small network, nothing of a large one. */
  unfoldedAtFirst(): Set<number> {
    const few = this.layers.length <= MOST_UNFOLDED;
    return new Set(few ? this.containers.keys() : []);
  }

  /** As many containers, in order, as a drawing has room for. */
  unfoldedAtMost(): Set<number> {
    const unfolded = new Set<number>();
    let boxes = this.draw(unfolded).boxes.length;
    for (const { id, rows } of this.containers.values()) {
      if (boxes + rows.length > MOST_BOXES) continue;
      boxes += rows.length;
      unfolded.add(id);
    }
    return unfolded;
  }

  /** Whether a drawing can be laid out while a person waits. */
  isDrawable(drawing: Drawing): boolean {
    return drawing.boxes.length <= MOST_BOXES;
  }

  /** The containers around a row, the outermost first. */
  pathOf(row: number): number[] {
    const path: number[] = [];
    let around = this.containers.get(row)?.parent ?? this.containerOf.get(row);
    for (; around !== undefined; around = this.containers.get(around)?.parent) path.unshift(around);
    return path;
  }

  /** The box that stands for a row where these containers are unfolded. */
  boxOf(row: number, unfolded: ReadonlySet<number>): number {
    for (const container of this.pathOf(row)) if (!unfolded.has(container)) return container;
    return row;
  }

  draw(unfolded: ReadonlySet<number>): Drawing {
    const boxes = new Map<number, Box>();
    for (const row of this.layers.keys()) {
      const id = this.boxOf(row, unfolded);
      const container = this.containers.get(id);
      if (boxes.has(id) || (container && unfolded.has(id))) continue;
      boxes.set(id, {
        id,
        kind: container?.kind ?? "layer",
        parent: container ? container.parent : this.containerOf.get(row),
        rows: container?.rows ?? [row],
      });
    }
    return {
      boxes: [...boxes.values()],
      edges: this.edgesBetween(unfolded),
      frames: [...this.containers.values()].filter(
        ({ id }) => unfolded.has(id) && this.boxOf(id, unfolded) === id,
      ),
    };
  }

  private edgesBetween(unfolded: ReadonlySet<number>): [number, number][] {
    const known = new Set<string>();
    const edges: [number, number][] = [];
    for (const [from, to] of this.edges) {
      const edge: [number, number] = [this.boxOf(from, unfolded), this.boxOf(to, unfolded)];
      const key = edge.join();
      if (edge[0] === edge[1] || known.has(key)) continue;
      known.add(key);
      edges.push(edge);
    }
    return edges;
  }

  /** Rows that follow a row and are deeper are of the model that it is. */
  private readDepths(): void {
    const around: number[] = [];
    for (const [row, layer] of this.layers.entries()) {
      around.length = layer.depth;
      const parent = around.at(-1);
      const isModel = (this.layers[row + 1]?.depth ?? 0) > layer.depth;
      const siblings = this.children.get(parent);
      if (siblings) siblings.push(row);
      else this.children.set(parent, [row]);
      if (isModel) {
        this.containers.set(row, { id: row, title: layer.name, kind: "model", parent, rows: [] });
        around.push(row);
      } else {
        this.contain(row, parent);
      }
    }
  }

  private contain(row: number, container: number | undefined): void {
    if (container === undefined) return;
    this.containerOf.set(row, container);
    for (let at: number | undefined = container; at !== undefined;) {
      const found: Container | undefined = this.containers.get(at);
      found?.rows.push(row);
      at = found?.parent;
    }
  }

  private addBlocks(model: number | undefined, rows: readonly number[]): void {
    if (rows.length <= MOST_UNFOLDED || !this.inOrder(rows)) return;
    const named = findBlocks(this.layers, rows);
    const inNamed = named.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const boxes = rows.length - inNamed + named.length;
    const blocks = boxes <= MOST_FOLDED ? named : evenBlocks(this.layers, rows, EVEN_BLOCKS);
    for (const block of blocks) this.addBlock(block, model);
  }

  private addBlock({ name, first, last }: Block, parent: number | undefined): void {
    const id = this.layers.length + this.containers.size;
    const rows: number[] = [];
    for (let row = first; row <= last; row += 1) {
      rows.push(row);
      this.containerOf.set(row, id);
    }
    this.containers.set(id, { id, title: name, kind: "block", parent, rows });
  }

  /** A run of layers may be folded where none of them takes what comes later, and none is a model. */
  private inOrder(rows: readonly number[]): boolean {
    return rows.every(
      (row) =>
        !this.containers.has(row) &&
        (this.layers[row]?.calls ?? []).every((sources) => sources.every((it) => it < row)),
    );
  }

  private addEdges(row: number): void {
    for (const source of this.layers[row]?.calls.flat() ?? []) {
      for (const from of this.endsOf(source)) {
        for (const to of this.startsOf(row)) this.edges.push([from, to]);
      }
    }
  }

  /** The layers of a nested model that take what it takes; a layer itself. */
  private startsOf(row: number): number[] {
    const inner = this.children.get(row);
    if (!inner) return [row];
    const inputs = inner.filter((it) => this.layers[it]?.class === "InputLayer");
    return (inputs.length > 0 ? inputs : inner.slice(0, 1)).flatMap((it) => this.startsOf(it));
  }

  /** Those whose outputs nobody in it takes, which are its outputs. */
  private endsOf(row: number): number[] {
    const inner = this.children.get(row);
    if (!inner) return [row];
    const taken = new Set(inner.flatMap((it) => this.layers[it]?.calls.flat() ?? []));
    return inner.filter((it) => !taken.has(it)).flatMap((it) => this.endsOf(it));
  }
}
