/** What we use of OpenSeadragon 6: no more, so that each call is one we have tried. */

export class Point {
  constructor(x: number, y: number);
  x: number;
  y: number;
}

export class Rect {
  constructor(x: number, y: number, width: number, height: number);
}

export interface Tile {
  level: number;
  x: number;
  y: number;
  exists: boolean;
  getUrl(): string;
  loaded: boolean;
  loading: boolean;
}

export interface Viewport {
  zoomTo(zoom: number, at: null, immediately: boolean): Viewport;
  panTo(center: Point, immediately: boolean): Viewport;
  setRotation(degrees: number, immediately: boolean): Viewport;
  setFlip(flipped: boolean): Viewport;
  getFlip(): boolean;
  getContainerSize(): Point;
  resize(size: Point, maintain: boolean): Viewport;
}

export interface Events {
  open: { source: object };
  "open-failed": { message: string };
  "update-viewport": object;
  "viewport-change": object;
  "tile-loaded": { tile: Tile };
  "tile-load-failed": { tile: Tile; message: string };
  "fully-loaded-change": { fullyLoaded: boolean };
}

export interface Viewer {
  viewport: Viewport;
  addHandler<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): void;
  open(source: object): void;
  close(): void;
  isOpen(): boolean;
  world: { getItemAt(index: number): { whenFullyLoaded(done: () => void): void } | undefined };
  forceRedraw(): void;
  destroy(): void;
}

export class WebGLDrawer {
  static initShaderProgram(context: WebGLRenderingContext, vertices: string, fragments: string): WebGLProgram | null;
}

export interface Library {
  (options: Record<string, unknown>): Viewer;
  Point: typeof Point;
  Rect: typeof Rect;
  WebGLDrawer: typeof WebGLDrawer;
}
