// The arrays of the study, decoded once: values, significance and limits of every feature set.

const NO_VALUE = -32768;

function bytesOf(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

function decode(text, Kind) {
  return text === null ? null : new Kind(bytesOf(text).buffer);
}

// Whole numbers times a unit; NaN where there is no value.
function dequantise(packed) {
  const whole = decode(packed.data, Int16Array);
  return Float64Array.from(whole, (value) => (value === NO_VALUE ? NaN : value * packed.unit));
}

function meanOf(values) {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (!Number.isNaN(value)) {
      sum += value;
      count += 1;
    }
  }
  return count ? sum / count : NaN;
}

class Layer {
  constructor(packed) {
    this.size = packed.n_feature;
    this.whole = decode(packed.values.data, Int16Array);
    this.unit = packed.values.unit;
    this.bits = decode(packed.significant, Uint8Array);
    this.sides = packed.limits && packed.limits.map((side) => decode(side, Float32Array));
    this.counts = packed.n_subject && decode(packed.n_subject.data, Uint16Array);
    this.countColumns = packed.n_subject ? packed.n_subject.columns : 0;
    this.largest = this.whole.reduce((most, value) => (value === NO_VALUE ? most : Math.max(most, Math.abs(value))), 0) * this.unit;
  }

  value(window, feature) {
    const whole = this.whole[window * this.size + feature];
    return whole === NO_VALUE ? NaN : whole * this.unit;
  }

  isSignificant(window, feature) {
    if (!this.bits) return false;
    const cell = window * this.size + feature;
    return ((this.bits[cell >> 3] >> (cell & 7)) & 1) === 1;
  }

  // [lower, upper]; infinite where there is no threshold
  limits(window) {
    return this.sides ? this.sides.map((side) => side[window]) : [-Infinity, Infinity];
  }

  count(window, feature) {
    if (!this.counts) return null;
    return this.counts[window * this.countColumns + (this.countColumns > 1 ? feature : 0)];
  }
}

class Study {
  constructor(packed) {
    for (const name of ["time", "start", "stop", "borders"]) this[name] = decode(packed.windows[name], Float64Array);
    this.size = this.time.length;
    this.label = packed.label;
    this.layers = Object.fromEntries(Object.entries(packed.layers).map(([name, layer]) => [name, new Layer(layer)]));
    this.shape = dequantise(packed.shape);
    this.triangles = decode(packed.triangles, Uint16Array);
    this.contours = decode(packed.contours, Uint16Array);
    this.regions = packed.regions;
    this.regionOf = decode(packed.region_of, Uint8Array);
    this.members = this.regions.map((_, region) => [...this.regionOf.keys()].filter((vertex) => this.regionOf[vertex] === region));
    this.ends = packed.pairs && packed.pairs.map((end) => decode(end, Uint16Array));
    this.nPair = packed.n_pair;
    this.agreement = decode(packed.agreement, Float32Array);
    this.agreementLargest = packed.agreement_largest || (this.agreement && Math.max(1, ...this.agreement.filter(Number.isFinite)));
    this.peaks = packed.peaks;
    this.epochs = packed.epochs;
    this.colours = decode(packed.colours, Uint8Array);
  }

  layerOf(kind) {
    return this.layers[kind === "pair" ? "pair" : "vertex"];
  }

  sizeOf(kind) {
    return kind === "region" ? this.regions.length : this.layerOf(kind).size;
  }

  nameOf(kind, index) {
    if (kind === "region") return `${this.regions[index]} (mean of ${this.members[index].length} vertices)`;
    if (kind === "pair") return `distance of vertices ${this.ends[0][index]} and ${this.ends[1][index]}`;
    return `vertex ${index} (${this.regions[this.regionOf[index]]})`;
  }

  shortNameOf(kind, index) {
    return kind === "region" ? this.regions[index] : `${this.ends[0][index]} and ${this.ends[1][index]}`;
  }

  value(window, kind, index) {
    const layer = this.layerOf(kind);
    if (kind !== "region") return layer.value(window, index);
    return meanOf(this.members[index].map((vertex) => layer.value(window, vertex)));
  }

  // A mean passes the threshold of the strongest vertex less easily than a vertex does: the error rate holds.
  isSignificant(window, kind, index) {
    const layer = this.layerOf(kind);
    if (kind !== "region") return layer.isSignificant(window, index);
    const value = this.value(window, kind, index);
    const [lower, upper] = layer.limits(window);
    return value > upper || value < lower;
  }

  series(kind, index) {
    const windows = [...this.time.keys()];
    return {
      kind,
      index,
      values: windows.map((window) => this.value(window, kind, index)),
      significant: windows.map((window) => this.isSignificant(window, kind, index)),
      limits: windows.map((window) => this.layerOf(kind).limits(window)),
    };
  }

  // Feature with the largest value in a window, or -1 when none has a value
  strongestIn(window, kind) {
    let best = -1;
    let most = -Infinity;
    for (let index = 0; index < this.sizeOf(kind); index += 1) {
      const value = this.value(window, kind, index);
      if (value > most) [best, most] = [index, value];
    }
    return best;
  }
}
