// State, controls and their keys; every drawing is made from the state and nothing else.

const TURN = Math.PI / 12; // a press of a turn button
const DRAG = 0.01; // radians a pixel
const VIEWS = { front: 0, right: -Math.PI / 2, left: Math.PI / 2 };

const byId = (id) => document.getElementById(id);
const study = new Study(JSON.parse(byId("data").textContent));
const palettes = Object.fromEntries(Object.entries(study.layers).map(([name, layer]) => [name, new Palette(study.colours, layer.largest)]));
const face = new Face(byId("face"), study, palettes);
const seriesView = new Series(byId("series"), study);
const carpet = new Carpet(byId("carpet"), study, palettes);
const bar = new Drawing(byId("bar"));
const state = { window: 0, kind: "vertex", index: 0, masked: false, playing: false };
let chosen = null; // series of the selection
let timer = null;
let isDrawn = true;

// ---- words ----

const span = (window) => `${study.start[window].toFixed(1)} to ${study.stop[window].toFixed(1)} s`;

function limitWords([lower, upper]) {
  const words = [];
  if (Number.isFinite(lower)) words.push(`lower threshold ${signed(lower, 3)}`);
  if (Number.isFinite(upper)) words.push(`threshold ${signed(upper, 3)}`);
  return words;
}

function readout() {
  const { window, kind, index } = state;
  const value = chosen.values[window];
  const layer = study.layerOf(kind);
  const words = [`r = ${signed(value, 3)}`, ...limitWords(chosen.limits[window])];
  if (layer.bits && !Number.isNaN(value)) words.push(chosen.significant[window] ? "significant" : "not significant");
  const count = kind === "region" ? null : layer.count(window, index);
  if (count !== null) words.push(`n = ${count}`);
  if (study.agreement) words.push(`agreement ${study.agreement[window].toFixed(2)}`);
  return words.join(", ");
}

function faceWords() {
  if (state.kind === "pair") return `${study.layers.pair.size} of ${study.nPair} pairs of vertices as lines at ${span(state.window)}.`;
  const layer = study.layers.vertex;
  let marked = 0;
  for (let vertex = 0; vertex < layer.size; vertex += 1) marked += layer.isSignificant(state.window, vertex) ? 1 : 0;
  const best = study.strongestIn(state.window, "vertex");
  const largest = best < 0 ? "no value" : `largest r = ${signed(layer.value(state.window, best), 2)} at ${study.nameOf("vertex", best)}`;
  return layer.bits ? `${marked} of ${layer.size} vertices significant; ${largest}.` : `${largest}.`;
}

// ---- drawing ----

function draw() {
  isDrawn = true;
  face.draw(state);
  seriesView.draw(state, chosen);
  carpet.draw(state);
  byId("window").value = state.window;
  byId("window").setAttribute("aria-valuetext", `window ${state.window + 1} of ${study.size}, ${span(state.window)}`);
  byId("when").textContent = `window ${state.window + 1} of ${study.size}: ${span(state.window)}`;
  byId("name").textContent = study.nameOf(state.kind, state.index);
  byId("reading").textContent = readout();
  byId("reading").setAttribute("aria-live", state.playing ? "off" : "polite");
  byId("face-words").textContent = faceWords();
  byId("face").setAttribute("aria-label", `Face at ${span(state.window)}. ${faceWords()}`);
  const marked = chosen.significant.filter(Boolean).length;
  byId("series").setAttribute("aria-label", `t-ISC of ${study.nameOf(state.kind, state.index)} over ${study.size} windows; ${marked} significant.`);
  byId("carpet").setAttribute("aria-label", `t-ISC of all ${state.kind === "pair" ? "pairs" : "vertices"} in all ${study.size} windows.`);
}

// Several changes before the next picture are drawn once.
function redraw() {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(draw);
}

function drawBar() {
  const palette = palettes[state.kind === "pair" ? "pair" : "vertex"];
  bar.clear();
  const width = bar.width - 2 * 26;
  for (let x = 0; x < width; x += 1) {
    bar.pen.fillStyle = palette.css(((x + 0.5) / width - 0.5) * 2 * palette.largest);
    bar.pen.fillRect(26 + x, 2, 1.5, 12);
  }
  for (const [share, value] of [[0, -palette.largest], [0.5, 0], [1, palette.largest]]) {
    bar.line([[26 + share * width, 14], [26 + share * width, 18]], INK, 1);
    bar.text(value ? signed(value, 2) : "0", 26 + share * width, 31, "center");
  }
}

// ---- what changes the state ----

function show(window) {
  state.window = Math.max(0, Math.min(study.size - 1, Math.round(window)));
  redraw();
}

function select(kind, index) {
  [state.kind, state.index] = [kind, Math.max(0, Math.min(study.sizeOf(kind) - 1, index))];
  chosen = study.series(kind, state.index);
  for (const radio of document.querySelectorAll("input[name=kind]")) radio.checked = radio.value === kind;
  for (const name of ["vertex", "region", "pair"]) {
    const control = byId(`which-${name}`);
    if (control) control.hidden = name !== kind;
    if (control && name === kind) control.value = state.index;
  }
  drawBar();
  redraw();
}

function mask(isMasked) {
  state.masked = isMasked;
  byId("mask").checked = isMasked;
  redraw();
}

function play(isPlaying) {
  state.playing = isPlaying;
  clearInterval(timer);
  byId("play").textContent = isPlaying ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", String(isPlaying));
  if (isPlaying) {
    if (state.window === study.size - 1) show(0);
    const step = study.size > 1 ? (study.time[study.size - 1] - study.time[0]) / (study.size - 1) : 1;
    timer = setInterval(() => (state.window === study.size - 1 ? play(false) : show(state.window + 1)), (1000 * step) / Number(byId("speed").value));
  }
  redraw();
}

// The next window, in a direction, in which the selected series is significant
function jump(direction) {
  for (let window = state.window + direction; window >= 0 && window < study.size; window += direction) {
    if (chosen.significant[window]) {
      show(window);
      return;
    }
  }
}

function turn(yaw, pitch) {
  face.turn(yaw, pitch);
  redraw();
}

function selectStrongest() {
  const best = study.strongestIn(state.window, state.kind);
  if (best >= 0) select(state.kind, best);
}

function saveSeries() {
  const rows = [...study.time.keys()].map((window) => [
    study.start[window], study.stop[window], chosen.values[window].toPrecision(6), ...chosen.limits[window], chosen.significant[window] ? 1 : 0,
  ].map((cell) => (Number.isFinite(Number(cell)) ? cell : "n/a")).join("\t"));
  const text = ["start\tstop\tr\tlower_threshold\tupper_threshold\tsignificant", ...rows].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/tab-separated-values" }));
  link.download = `tisc_${state.kind}-${state.index}.tsv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---- controls ----

function fillSelect(kind) {
  const list = byId(`which-${kind}`);
  for (let index = 0; index < study.sizeOf(kind); index += 1) list.add(new Option(study.shortNameOf(kind, index), index));
  list.addEventListener("change", () => select(kind, Number(list.value)));
}

function connectSelection() {
  fillSelect("region");
  if (study.layers.pair) fillSelect("pair");
  byId("which-vertex").max = study.layers.vertex.size - 1;
  byId("which-vertex").addEventListener("change", (event) => select("vertex", Math.round(Number(event.target.value) || 0)));
  for (const radio of document.querySelectorAll("input[name=kind]")) {
    radio.addEventListener("change", () => select(radio.value, Math.max(0, study.strongestIn(state.window, radio.value))));
  }
}

function connectTime() {
  byId("window").max = study.size - 1;
  byId("window").addEventListener("input", (event) => show(Number(event.target.value)));
  byId("play").addEventListener("click", () => play(!state.playing));
  byId("speed").addEventListener("change", () => play(state.playing));
  byId("previous").addEventListener("click", () => jump(-1));
  byId("next").addEventListener("click", () => jump(1));
  byId("strongest").addEventListener("click", selectStrongest);
  byId("save").addEventListener("click", saveSeries);
  const isTested = study.layers.vertex.bits !== null;
  for (const id of ["mask", "previous", "next"]) byId(id).disabled = !isTested;
  byId("mask").addEventListener("change", (event) => mask(event.target.checked));
}

function connectPictures() {
  byId("series").addEventListener("click", (event) => {
    const window = seriesView.windowAt(seriesView.place(event));
    if (window !== null) show(window);
  });
  byId("carpet").addEventListener("click", (event) => {
    const found = carpet.at(carpet.place(event), state.kind);
    if (!found) return;
    show(found.window);
    select(state.kind, found.index);
  });
  for (const [name, yaw] of Object.entries(VIEWS)) byId(`view-${name}`).addEventListener("click", () => turn(yaw, 0));
  connectFace(byId("face"));
}

// A drag turns the face; a click selects.
function connectFace(canvas) {
  let from = null;
  let isDragged = false;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, yaw: face.yaw, pitch: face.pitch };
    isDragged = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    isDragged = isDragged || Math.hypot(dx, dy) > 4;
    if (isDragged) turn(from.yaw - DRAG * dx, from.pitch + DRAG * dy);
  });
  canvas.addEventListener("pointerup", (event) => {
    const found = isDragged ? null : face.pick(face.place(event), state.kind);
    from = null;
    if (found !== null) select(state.kind, found);
  });
}

const KEYS = {
  ArrowRight: () => show(state.window + 1),
  ArrowLeft: () => show(state.window - 1),
  PageUp: () => show(state.window + 10),
  PageDown: () => show(state.window - 10),
  Home: () => show(0),
  End: () => show(study.size - 1),
  " ": () => play(!state.playing),
  n: () => jump(1),
  p: () => jump(-1),
  s: selectStrongest,
  t: () => byId("mask").disabled || mask(!state.masked),
  f: () => turn(VIEWS.front, 0),
  r: () => turn(VIEWS.right, 0),
  l: () => turn(VIEWS.left, 0),
  "[": () => turn(face.yaw - TURN, face.pitch),
  "]": () => turn(face.yaw + TURN, face.pitch),
};

// A control that has its own use for a key keeps it.
function isTaken(event) {
  const { tagName, type } = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (tagName === "SELECT" || (tagName === "INPUT" && (type === "number" || type === "radio"))) return true;
  return event.key === " " && (tagName === "BUTTON" || tagName === "INPUT" || tagName === "SUMMARY");
}

function connectKeys() {
  document.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || isTaken(event)) return;
    event.preventDefault();
    act();
  });
}

function start() {
  connectSelection();
  connectTime();
  connectPictures();
  connectKeys();
  window.addEventListener("resize", () => {
    for (const drawing of [face, seriesView, carpet, bar]) drawing.resize();
    drawBar();
    redraw();
  });
  window.addEventListener("hashchange", showAsked);
  const peak = strongestCell();
  state.window = peak.window;
  select("vertex", peak.index);
  showAsked();
  draw();
  document.body.dataset.ready = "yes";
}

// A link may ask for a window, numbered as the page numbers them: explore.html#window=3
function showAsked() {
  const asked = /^#window=(\d+)$/.exec(window.location.hash);
  if (!asked) return;
  show(Number(asked[1]) - 1);
  selectStrongest();
}

// Where the page opens: the largest value of all
function strongestCell() {
  const { vertex } = study.layers;
  let best = { window: 0, index: 0, value: -Infinity };
  for (let at = 0; at < vertex.whole.length; at += 1) {
    if (vertex.whole[at] > best.value) best = { window: Math.floor(at / vertex.size), index: at % vertex.size, value: vertex.whole[at] };
  }
  return best;
}

// For tests and for the console: what is shown, and the same changes that the controls make.
window.isc = {
  state: () => ({ ...state, yaw: face.yaw, pitch: face.pitch, size: study.size }),
  value: (window, kind, index) => study.value(window, kind, index),
  isSignificant: (window, kind, index) => study.isSignificant(window, kind, index),
  limits: (window, kind) => study.layerOf(kind).limits(window),
  pointOf: (vertex) => face.points[vertex],
  placeOf: (window) => seriesView.across(study.time[window]),
  series: () => chosen,
  show,
  select,
  mask,
  play,
};

start();
