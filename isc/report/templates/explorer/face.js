// The face: a mesh that turns, its colours, outlines of what is significant, and what lies under the pointer.

const NEAR_VERTEX = 26; // pixels
const NEAR_PAIR = 14; // pixels
const FLATTEST = Math.PI / 4; // pitch
const FRONTAL = Math.PI / 3; // R and L are written while the face looks so far to the front

function distanceToSegment([x, y], [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}

class Face extends Drawing {
  constructor(canvas, study, palettes) {
    super(canvas);
    this.study = study;
    this.palettes = palettes;
    this.turn(0, 0);
  }

  // Yaw: -90 degrees shows the person's own right half; pitch: positive looks down on the face.
  turn(yaw, pitch) {
    this.yaw = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, yaw));
    this.pitch = Math.max(-FLATTEST, Math.min(FLATTEST, pitch));
    this.project();
  }

  resize() {
    super.resize();
    if (this.study) this.project();
  }

  project() {
    const { shape } = this.study;
    const size = shape.length / 3;
    const reach = shape.reduce((most, value) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value))), 0) || 1;
    const scale = (0.46 * Math.min(this.width, this.height)) / reach;
    const [cosYaw, sinYaw, cosPitch, sinPitch] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    this.points = new Array(size);
    this.depth = new Float64Array(size);
    for (let vertex = 0; vertex < size; vertex += 1) {
      const [x, y, z] = [shape[3 * vertex], shape[3 * vertex + 1], shape[3 * vertex + 2]];
      const across = x * cosYaw + z * sinYaw;
      const back = z * cosYaw - x * sinYaw;
      this.points[vertex] = [this.width / 2 + scale * across, this.height / 2 + scale * (y * cosPitch + back * sinPitch)];
      this.depth[vertex] = back * cosPitch - y * sinPitch;
    }
    this.findVisible();
  }

  // Triangles that look towards the reader, the farthest first
  findVisible() {
    const corners = this.study.triangles;
    const visible = [];
    for (let at = 0; at < corners.length; at += 3) {
      const triangle = [corners[at], corners[at + 1], corners[at + 2]];
      const [[x1, y1], [x2, y2], [x3, y3]] = triangle.map((vertex) => this.points[vertex]);
      if ((x2 - x1) * (y3 - y1) - (y2 - y1) * (x3 - x1) <= 0) visible.push(triangle);
    }
    const far = ([a, b, c]) => this.depth[a] + this.depth[b] + this.depth[c];
    this.visible = visible.sort((first, second) => far(second) - far(first));
    this.seen = new Set(visible.flat());
  }

  draw(state) {
    this.clear();
    if (state.kind === "pair") {
      this.drawMesh();
      this.drawPairs(state);
    } else {
      this.drawValues(state);
      this.drawSelection(state);
    }
    this.drawSides();
  }

  drawValues(state) {
    const layer = this.study.layers.vertex;
    const palette = this.palettes.vertex;
    const flags = (vertex) => layer.isSignificant(state.window, vertex);
    const value = (vertex) => layer.value(state.window, vertex);
    for (const triangle of this.visible) {
      const corners = triangle.map((vertex) => this.points[vertex]);
      const colour = palette.css((value(triangle[0]) + value(triangle[1]) + value(triangle[2])) / 3);
      this.paint(corners, state.masked && colour !== NO_VALUE_GREY ? MASKED_GREY : colour);
      const part = triangle.filter(flags);
      if (state.masked && part.length) {
        this.paint(this.inside(triangle, flags).area, palette.css(part.reduce((sum, vertex) => sum + value(vertex), 0) / part.length));
      }
    }
    this.drawEdges("rgba(26,26,26,0.07)");
    this.drawContours();
    if (layer.bits) this.outline(flags, INK, 1.6);
  }

  // The seam in the triangle's own colour hides the hairline between neighbours.
  paint(corners, colour) {
    this.fill(corners, colour);
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = 0.7;
    this.pen.stroke();
  }

  // Part of a triangle that belongs to its flagged corners: halfway to the others. Its border is where flags change.
  inside(triangle, flags) {
    const area = [];
    const border = [];
    for (let at = 0; at < 3; at += 1) {
      const [here, next] = [triangle[at], triangle[(at + 1) % 3]];
      const [[x1, y1], [x2, y2]] = [this.points[here], this.points[next]];
      if (flags(here)) area.push([x1, y1]);
      if (flags(here) !== flags(next)) {
        const middle = [(x1 + x2) / 2, (y1 + y2) / 2];
        area.push(middle);
        border.push(middle);
      }
    }
    return { area, border };
  }

  outline(flags, colour, width) {
    for (const triangle of this.visible) {
      const { border } = this.inside(triangle, flags);
      if (border.length) this.line(border, colour, width);
    }
  }

  drawContours() {
    const lines = this.study.contours;
    for (let at = 0; at < lines.length; at += 2) {
      if (this.seen.has(lines[at]) && this.seen.has(lines[at + 1])) {
        this.line([this.points[lines[at]], this.points[lines[at + 1]]], "rgba(26,26,26,0.55)", 0.8);
      }
    }
  }

  drawMesh() {
    for (const triangle of this.visible) this.paint(triangle.map((vertex) => this.points[vertex]), "#fafafa");
    this.drawEdges("rgba(26,26,26,0.14)");
    this.drawContours();
  }

  // All edges in one stroke: they make the relief of the face visible.
  drawEdges(colour) {
    this.pen.beginPath();
    for (const [a, b, c] of this.visible) {
      this.pen.moveTo(...this.points[a]);
      for (const corner of [b, c, a]) this.pen.lineTo(...this.points[corner]);
    }
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = 0.6;
    this.pen.stroke();
  }

  drawPairs(state) {
    const layer = this.study.layers.pair;
    const order = [...Array(layer.size).keys()].sort((a, b) => Math.abs(layer.value(state.window, a)) - Math.abs(layer.value(state.window, b)));
    for (const pair of order) {
      if (!state.masked || layer.isSignificant(state.window, pair)) this.drawPair(state, pair);
    }
    if (state.masked) this.line(this.pairEnds(state.index), LINE_GREY, 1, [3, 3]);
    this.ring(this.study.ends[0][state.index]);
    this.ring(this.study.ends[1][state.index]);
  }

  drawPair(state, pair) {
    const layer = this.study.layers.pair;
    const value = layer.value(state.window, pair);
    const strength = Number.isNaN(value) ? 0 : Math.abs(value) / this.palettes.pair.largest;
    const width = 1 + 3 * strength;
    const dark = layer.isSignificant(state.window, pair) ? INK : LINE_GREY;
    this.line(this.pairEnds(pair), pair === state.index ? ORANGE : dark, width + (pair === state.index ? 4 : 1.4));
    this.line(this.pairEnds(pair), this.palettes.pair.css(value), width);
  }

  pairEnds(pair) {
    return this.study.ends.map((end) => this.points[end[pair]]);
  }

  drawSelection(state) {
    if (state.kind === "vertex") this.ring(state.index);
    else this.outline((vertex) => this.study.regionOf[vertex] === state.index, ORANGE, 2.4);
  }

  // Dashed where the vertex is on the side that is not seen
  ring(vertex) {
    for (const [colour, width] of [["#ffffff", 4.5], [INK, 2.2]]) {
      this.pen.beginPath();
      this.pen.setLineDash(this.seen.has(vertex) ? [] : [2, 2]);
      this.pen.arc(...this.points[vertex], 6, 0, 2 * Math.PI);
      this.pen.strokeStyle = colour;
      this.pen.lineWidth = width;
      this.pen.stroke();
    }
    this.pen.setLineDash([]);
  }

  drawSides() {
    if (Math.abs(this.yaw) > FRONTAL) return;
    this.text("R", 8, this.height - 10, "left", SOFT);
    this.text("L", this.width - 8, this.height - 10, "right", SOFT);
  }

  // Number of the vertex, region or pair under a point, or null
  pick(point, kind) {
    if (kind === "pair") {
      return this.nearest(this.study.layers.pair.size, NEAR_PAIR, (pair) => distanceToSegment(point, ...this.pairEnds(pair)));
    }
    const vertices = [...this.seen];
    const found = this.nearest(vertices.length, NEAR_VERTEX, (at) => {
      const [x, y] = this.points[vertices[at]];
      return Math.hypot(x - point[0], y - point[1]);
    });
    if (found === null) return null;
    return kind === "region" ? this.study.regionOf[vertices[found]] : vertices[found];
  }

  nearest(count, limit, distance) {
    let [best, least] = [null, limit];
    for (let at = 0; at < count; at += 1) {
      const far = distance(at);
      if (far < least) [best, least] = [at, far];
    }
    return best;
  }
}
