/** The layout worker's whole program. */

import { Graph, layout } from "@dagrejs/dagre";
import type { Layout, LayoutRequest, Rectangle } from "./layout-messages.js";

/** Above these dagre's best ranking of layers takes longer than a person waits. */
const MOST_FOR_BEST_RANKS = 150;

addEventListener("message", ({ data }: MessageEvent<LayoutRequest>) => postMessage(placed(data)));

function placed({ id, boxes, frames, edges }: LayoutRequest): Layout {
  const graph = new Graph({ compound: frames.length > 0, multigraph: true });
  graph.setGraph({
    ranksep: 28,
    nodesep: 22,
    edgesep: 10,
    marginx: 16,
    marginy: 16,
    ranker: boxes.length > MOST_FOR_BEST_RANKS ? "longest-path" : "network-simplex",
  });
  for (const frame of frames) graph.setNode(String(frame.id), {});
  for (const { id: box, width, height } of boxes) graph.setNode(String(box), { width, height });
  for (const { id: inner, parent } of [...frames, ...boxes]) {
    if (parent !== undefined) graph.setParent(String(inner), String(parent));
  }
  for (const [i, [from, to]] of edges.entries()) {
    graph.setEdge(String(from), String(to), {}, String(i));
  }
  layout(graph);
  const size = graph.graph();
  const places = new Map<number, Rectangle>();
  for (const { id: node } of [...frames, ...boxes]) {
    const { x, y, width, height } = graph.node(String(node)) as Rectangle;
    places.set(node, { x: x - width / 2, y: y - height / 2, width, height });
  }
  const lines = edges.map(([from, to], i) => {
    const edge = graph.edge({ v: String(from), w: String(to), name: String(i) }) as {
      points: { x: number; y: number }[];
    };
    return edge.points;
  });
  return { id, width: size.width ?? 0, height: size.height ?? 0, places, lines };
}
