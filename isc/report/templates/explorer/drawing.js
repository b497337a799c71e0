// What all drawings share: colours, sharp canvases, round numbers on axes.

const INK = "#1a1a1a";
const SOFT = "#595959";
const LINE_GREY = "#8c8c8c";
const BAND_GREY = "#e3e3e3";
const NO_VALUE_GREY = "#a6a6a6";
const MASKED_GREY = "#ececec";
const BLUE = "#0072b2";
const VERMILLION = "#d55e00";
const GREEN = "#009e73";
const ORANGE = "#e69f00";
const FONT = "12px system-ui, sans-serif";
const MINUS = "\u2212";

// A diverging scale from -largest to largest: zero is its middle.
class Palette {
  constructor(colours, largest) {
    this.colours = colours;
    this.largest = largest || 1;
  }

  rgb(value) {
    const place = Math.floor(((value / this.largest + 1) / 2) * 256);
    const at = 3 * Math.min(255, Math.max(0, place));
    return [this.colours[at], this.colours[at + 1], this.colours[at + 2]];
  }

  css(value) {
    return Number.isNaN(value) ? NO_VALUE_GREY : `rgb(${this.rgb(value).join(",")})`;
  }
}

class Drawing {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.resize();
  }

  // As many pixels as the screen has, in units of CSS pixels.
  resize() {
    const box = this.canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    [this.width, this.height] = [Math.max(1, box.width), Math.max(1, box.height)];
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  clear() {
    this.pen.clearRect(0, 0, this.width, this.height);
    this.pen.font = FONT;
    this.pen.lineWidth = 1;
  }

  line(points, colour, width, dash = []) {
    this.pen.beginPath();
    this.pen.setLineDash(dash);
    points.forEach(([x, y], at) => (at ? this.pen.lineTo(x, y) : this.pen.moveTo(x, y)));
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = width;
    this.pen.stroke();
    this.pen.setLineDash([]);
  }

  fill(points, colour) {
    this.pen.beginPath();
    points.forEach(([x, y], at) => (at ? this.pen.lineTo(x, y) : this.pen.moveTo(x, y)));
    this.pen.closePath();
    this.pen.fillStyle = colour;
    this.pen.fill();
  }

  text(words, x, y, align = "left", colour = INK) {
    this.pen.fillStyle = colour;
    this.pen.textAlign = align;
    this.pen.fillText(words, x, y);
  }

  downText(words, x, y) {
    this.pen.save();
    this.pen.translate(x, y);
    this.pen.rotate(-Math.PI / 2);
    this.text(words, 0, 0, "center");
    this.pen.restore();
  }

  // Where the pointer is, in the units of the drawing
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }
}

// Round numbers from first to last, about `count` of them.
function ticks(first, last, count) {
  const rough = (last - first) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough) || power;
  const found = [];
  for (let at = Math.ceil(first / step); at * step <= last + 1e-9; at += 1) found.push(at * step);
  return found;
}

function signed(value, digits) {
  if (Number.isNaN(value)) return "no value";
  return value.toFixed(digits).replace("-", MINUS);
}
