// All features over all windows: one row a feature, gathered into bands of equal height.

const NO_VALUE_RGB = [166, 166, 166];
const MASKED_RGB = [236, 236, 236];

class Carpet extends Drawing {
  constructor(canvas, study, palettes) {
    super(canvas);
    this.study = study;
    this.palettes = palettes;
    this.pictures = {};
  }

  bands(kind) {
    if (kind === "pair") return [{ name: "pairs", members: [...Array(this.study.layers.pair.size).keys()] }];
    return this.study.regions.map((name, region) => ({ name, members: this.study.members[region] })).filter((band) => band.members.length);
  }

  // Cells as pixels, kept: a film of 20 minutes has 340,000 of them.
  picture(kind, masked) {
    const key = `${kind === "pair"} ${masked}`;
    if (!this.pictures[key]) this.pictures[key] = this.paintCells(kind, masked);
    return this.pictures[key];
  }

  paintCells(kind, masked) {
    const layer = this.study.layerOf(kind);
    const palette = this.palettes[kind === "pair" ? "pair" : "vertex"];
    const rows = this.bands(kind).flatMap((band) => band.members);
    const cells = new ImageData(this.study.size, rows.length);
    rows.forEach((feature, row) => {
      for (let window = 0; window < this.study.size; window += 1) {
        const value = layer.value(window, feature);
        const isHidden = masked && !layer.isSignificant(window, feature);
        const colour = Number.isNaN(value) ? NO_VALUE_RGB : isHidden ? MASKED_RGB : palette.rgb(value);
        cells.data.set([...colour, 255], 4 * (row * this.study.size + window));
      }
    });
    const picture = document.createElement("canvas");
    [picture.width, picture.height] = [this.study.size, rows.length];
    picture.getContext("2d").putImageData(cells, 0, 0);
    return picture;
  }

  across(window) {
    return LEFT + (window / this.study.size) * (this.width - LEFT - RIGHT);
  }

  draw(state) {
    this.clear();
    const bands = this.bands(state.kind);
    const picture = this.picture(state.kind, state.masked);
    const height = this.height / bands.length;
    let row = 0;
    this.pen.imageSmoothingEnabled = false;
    bands.forEach((band, at) => {
      const size = band.members.length;
      this.pen.drawImage(picture, 0, row, this.study.size, size, LEFT, at * height, this.width - LEFT - RIGHT, height);
      this.text(band.name, LEFT - 6, (at + 0.5) * height + 4, "right");
      if (at) this.line([[LEFT, at * height], [this.width - RIGHT, at * height]], INK, 0.5);
      row += size;
    });
    this.markSelection(state, bands, height);
    const now = this.across(state.window + 0.5);
    this.line([[now, 0], [now, this.height]], "#ffffff", 3);
    this.line([[now, 0], [now, this.height]], INK, 1.4);
  }

  markSelection(state, bands, height) {
    bands.forEach((band, at) => {
      const row = band.members.indexOf(state.index);
      const isChosen = state.kind === "region" ? this.study.regions[state.index] === band.name : row >= 0;
      if (!isChosen) return;
      const [top, size] = state.kind === "region" ? [at * height, height] : [(at + row / band.members.length) * height, height / band.members.length];
      this.fill([[LEFT - 4, top], [LEFT, top], [LEFT, top + Math.max(2, size)], [LEFT - 4, top + Math.max(2, size)]], VERMILLION);
    });
  }

  // Window and feature at a place, or null beside the cells
  at([x, y], kind) {
    const bands = this.bands(kind);
    const band = bands[Math.floor((y / this.height) * bands.length)];
    const window = Math.floor(((x - LEFT) / (this.width - LEFT - RIGHT)) * this.study.size);
    if (!band || window < 0 || window >= this.study.size) return null;
    const share = ((y / this.height) * bands.length) % 1;
    const feature = band.members[Math.floor(share * band.members.length)];
    return { window, index: kind === "region" ? this.study.regionOf[feature] : feature };
  }
}
