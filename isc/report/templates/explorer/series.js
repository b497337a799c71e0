// One series against its null band; below it the agreement of raters and their peaks, on the same seconds.

const LEFT = 96; // pixels left of the axes, also of the carpet: both have the same seconds
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 40;
const AGREEMENT_SHARE = 0.28; // of the height
const GAP = 16;
const SMALLEST_SPAN = 0.1; // r; a flat series is not blown up
const FEWEST_STEPS = 6; // of an axis: round steps are up to 2.5 times as long, and two labels are needed to read it

class Series extends Drawing {
  constructor(canvas, study) {
    super(canvas);
    this.study = study;
  }

  across(seconds) {
    const [first, last] = [this.study.borders[0], this.study.borders[this.study.size]];
    return LEFT + ((seconds - first) / (last - first)) * (this.width - LEFT - RIGHT);
  }

  // Window drawn at a place, or null beside the axes
  windowAt([x]) {
    const [first, last] = [this.study.borders[0], this.study.borders[this.study.size]];
    const seconds = first + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (last - first);
    if (x < LEFT - 4 || x > this.width - RIGHT + 4) return null;
    const found = this.study.borders.findIndex((border) => border > seconds);
    return found < 0 ? this.study.size - 1 : Math.max(0, found - 1);
  }

  draw(state, series) {
    this.clear();
    const floor = this.height - BOTTOM;
    const hasAgreement = this.study.agreement !== null;
    const split = hasAgreement ? floor - AGREEMENT_SHARE * (floor - TOP) : floor;
    this.shadeEpochs(floor);
    this.shadeWindow(state, floor);
    this.drawSeries(series, split - (hasAgreement ? GAP : 0));
    if (hasAgreement) this.drawAgreement(split, floor);
    this.drawPeaks(floor);
    this.drawTime(floor);
    const now = this.across(this.study.time[state.window]);
    this.line([[now, TOP], [now, floor]], INK, 1.2);
  }

  shadeEpochs(floor) {
    for (const epoch of this.study.epochs) {
      const [start, stop] = [this.across(epoch.onset), this.across(epoch.onset + epoch.duration)];
      this.pen.fillStyle = "rgba(230,159,0,0.2)";
      this.pen.fillRect(start, TOP, stop - start, floor - TOP);
      if (this.pen.measureText(epoch.name).width < stop - start) this.text(epoch.name, (start + stop) / 2, TOP + 11, "center", SOFT);
    }
  }

  shadeWindow(state, floor) {
    const [start, stop] = [this.study.start[state.window], this.study.stop[state.window]].map((at) => this.across(at));
    this.pen.fillStyle = "rgba(0,114,178,0.16)";
    this.pen.fillRect(start, TOP, Math.max(1, stop - start), floor - TOP);
  }

  drawSeries(series, floor) {
    const shown = [0, ...series.values, ...series.limits.flat()].filter(Number.isFinite);
    const [least, most] = [Math.min(...shown), Math.max(...shown)];
    const span = Math.max(most - least, SMALLEST_SPAN);
    const [low, high] = [least - 0.06 * span, most + 0.15 * span];
    const up = (value) => floor - ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (floor - TOP);
    this.drawBand(series, up);
    this.line([[LEFT, up(0)], [this.width - RIGHT, up(0)]], LINE_GREY, 0.8);
    this.drawLine(series, up);
    for (const tick of ticks(low, high, (floor - TOP) / 34)) {
      this.line([[LEFT - 4, up(tick)], [LEFT, up(tick)]], INK, 1);
      this.text(signed(tick, span < 0.35 ? 2 : 1), LEFT - 7, up(tick) + 4, "right");
    }
    this.line([[LEFT, TOP], [LEFT, floor]], INK, 1);
    this.downText(this.study.label, 14, (TOP + floor) / 2);
  }

  // Between the thresholds; a side without one is open to the edge of the axes.
  drawBand(series, up) {
    if (!series.limits.some((sides) => sides.some(Number.isFinite))) return;
    const edge = (side) => series.limits.flatMap((sides, window) => [
      [this.across(this.study.borders[window]), up(sides[side])],
      [this.across(this.study.borders[window + 1]), up(sides[side])],
    ]);
    this.fill([...edge(0), ...edge(1).reverse()], "rgba(140,140,140,0.22)");
    for (const side of [0, 1]) {
      if (series.limits.some((sides) => Number.isFinite(sides[side]))) this.line(edge(side), INK, 1, [5, 3]);
    }
  }

  drawLine(series, up) {
    let run = [];
    series.values.forEach((value, window) => {
      if (Number.isNaN(value)) {
        this.line(run, BLUE, 1.6);
        run = [];
      } else {
        run.push([this.across(this.study.time[window]), up(value)]);
      }
    });
    this.line(run, BLUE, 1.6);
    series.significant.forEach((flag, window) => {
      if (flag) this.diamond(this.across(this.study.time[window]), up(series.values[window]));
    });
  }

  diamond(x, y) {
    const corners = [[x, y - 4.5], [x + 4.5, y], [x, y + 4.5], [x - 4.5, y]];
    this.fill(corners, VERMILLION);
    this.line([...corners, corners[0]], INK, 0.6);
  }

  drawAgreement(top, floor) {
    const up = (value) => floor - (value / this.study.agreementLargest) * (floor - top);
    const steps = [...this.study.agreement].flatMap((value, window) => {
      const height = up(Number.isNaN(value) ? 0 : value);
      return [[this.across(this.study.borders[window]), height], [this.across(this.study.borders[window + 1]), height]];
    });
    this.fill([[LEFT, floor], ...steps, [this.width - RIGHT, floor]], "rgba(0,158,115,0.28)");
    this.line(steps, GREEN, 1.2);
    for (const tick of [0, this.study.agreementLargest]) this.text(String(tick), LEFT - 7, up(tick) + 4, "right");
    this.line([[LEFT, top], [LEFT, floor]], INK, 1);
    this.downText("agreement", 14, (top + floor) / 2);
  }

  drawPeaks(floor) {
    for (const onset of this.study.peaks) this.line([[this.across(onset), floor], [this.across(onset), floor - 6]], INK, 1);
  }

  drawTime(floor) {
    this.line([[LEFT, floor], [this.width - RIGHT, floor]], INK, 1);
    for (const tick of ticks(this.study.borders[0], this.study.borders[this.study.size], Math.max(FEWEST_STEPS, (this.width - LEFT) / 90))) {
      this.line([[this.across(tick), floor], [this.across(tick), floor + 4]], INK, 1);
      this.text(String(Number(tick.toFixed(6))), this.across(tick), floor + 17, "center");
    }
    this.text("time from stimulus onset (s)", (LEFT + this.width - RIGHT) / 2, floor + 34, "center");
  }
}
