export interface SizedBox {
  id: number;
  width: number;
  height: number;
  /** The frame that it stands in. */
  parent: number | undefined;
}

export interface LayoutRequest {
  id: number;
  boxes: SizedBox[];
  frames: { id: number; parent: number | undefined }[];
  edges: [from: number, to: number][];
}

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  id: number;
  width: number;
  height: number;
  /** By the ids of boxes and frames. */
  places: Map<number, Rectangle>;
  /** The corners of each edge's line, in the order of the request's. */
  lines: { x: number; y: number }[][];
}
