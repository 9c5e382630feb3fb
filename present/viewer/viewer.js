// The film viewer: zoom, pan, window and level at 12 bits, explanation map, outlined regions, all in the browser.
// It draws only the pixels on the screen, from a pyramid of halved films, so it is as quick on a large film as on a
// small one. What it is given is made by present/viewer.py.

const FULL = 4095;
const HTML = `
<div class="film-viewer">
  <div class="stage">
    <canvas tabindex="0" role="img"></canvas>
    <div class="corner title"></div>
    <div class="corner legend" title="Where the answer came from" hidden><span>Little</span><i></i><span>much weight</span></div>
    <div class="corner facts" aria-live="off"></div>
    <div class="corner hint">Wheel to zoom, drag to move,<br>right-drag for window and level</div>
  </div>
  <div class="tools">
    <div class="group">
      <button type="button" data-do="out" aria-label="Zoom out">&minus;</button>
      <button type="button" data-do="in" aria-label="Zoom in">+</button>
      <button type="button" data-do="fit" title="Show the whole film (0)">Fit</button>
      <button type="button" data-do="one" title="One screen pixel a film pixel (1)">1:1</button>
    </div>
    <div class="group grow"><label>Window</label><input type="range" data-set="width" min="2" max="100" step="1" aria-label="Window width, per cent of the grey range"></div>
    <div class="group grow"><label>Level</label><input type="range" data-set="centre" min="0" max="100" step="1" aria-label="Window level, per cent of the grey range"></div>
    <div class="group grow map"><label>Explanation</label><input type="range" data-set="opacity" min="0" max="100" step="1" aria-label="Opacity of the explanation map, per cent"></div>
    <div class="group">
      <button type="button" data-do="invert" aria-pressed="false" title="Bone dark (i)">Invert</button>
      <button type="button" data-do="reset" title="As it was at first (r)">Reset</button>
      <button type="button" data-do="full">Full screen</button>
    </div>
  </div>
  <div class="regions" hidden>
    <div class="group">
      <button type="button" data-do="outlines" aria-pressed="true">All regions</button>
      <div class="group grow"><label>Fill</label><input type="range" data-set="fill" min="0" max="60" step="1" aria-label="Opacity of the regions' fill, per cent"></div>
      <span class="unit"></span>
    </div>
    <table></table>
  </div>
</div>`;

async function inflate(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Two planes, high and low byte, of the difference to the pixel before, modulo 4096.
function undo(planes, count) {
  const film = new Uint16Array(count);
  let value = 0;
  for (let i = 0; i < count; i++) {
    value = (value + ((planes[i] << 8) | planes[count + i])) & FULL;
    film[i] = value;
  }
  return film;
}

function halve({ data, width, height }) {
  const w = Math.ceil(width / 2), h = Math.ceil(height / 2), half = new Uint16Array(w * h);
  for (let y = 0; y < h; y++) {
    const top = 2 * y * width, below = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < w; x++) {
      const left = 2 * x, right = Math.min(left + 1, width - 1);
      half[y * w + x] = (data[top + left] + data[top + right] + data[below + left] + data[below + right] + 2) >> 2;
    }
  }
  return { data: half, width: w, height: h };
}

class FilmViewer {
  constructor(root) {
    root.innerHTML = HTML;
    this.root = root.querySelector(".film-viewer");
    this.stage = this.root.querySelector(".stage");
    this.canvas = this.root.querySelector("canvas");
    this.pen = this.canvas.getContext("2d", { alpha: false });
    this.levels = [];
    this.pointers = new Map();
    this.lut = new Uint8ClampedArray(FULL + 1);
    this.listen();
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(this.stage);
  }

  close() { this.watcher.disconnect(); }

  async show(data) {
    if (!data || data.key === this.key) return;
    const same = data.film_key && data.film_key === this.filmKey ? { off: this.off, at: this.place() } : null;
    this.key = data.key;
    this.filmKey = data.film_key;
    const [planes, heat] = await Promise.all([inflate(data.film), data.heat ? inflate(data.heat.data) : null]);
    if (this.key !== data.key) return; // another film was asked for meanwhile
    const { width, height } = data;
    let level = { data: undo(planes, width * height), width, height };
    this.levels = [level];
    while (Math.max(level.width, level.height) > 256) this.levels.push((level = halve(level)));
    this.heat = heat && { data: heat, width: data.heat.width, height: data.heat.height };
    this.map = Uint8Array.from(data.colours);
    this.limbs = data.limbs;
    this.regions = data.regions;
    this.shrunk = data.shrunk;
    this.rule = data.scale;
    this.start = { width: 100, centre: 50, opacity: data.opacity, fill: data.fill };
    this.canvas.setAttribute("aria-label", data.label);
    this.root.querySelector(".title").textContent = data.title;
    this.root.querySelector(".map").hidden = !this.heat;
    const [said, low, high] = data.legend, legend = this.root.querySelector(".legend");
    legend.title = said;
    legend.firstElementChild.textContent = low;
    legend.lastElementChild.textContent = high;
    this.root.classList.toggle("outlined", this.regions.length > 0);
    this.list(data.unit, data.heights, data.readers);
    const stops = [];
    for (let i = 0; i <= 8; i++) {
      const at = Math.round((i * 255) / 8) * 4;
      stops.push(`rgb(${this.map[at]} ${this.map[at + 1]} ${this.map[at + 2]})`);
    }
    this.root.querySelector(".legend i").style.background = `linear-gradient(90deg, ${stops})`;
    if (same?.at.scale) this.outlinesAnew(same);
    else this.reset();
  }

  // Other outlines on the same film: how it is looked at stays.
  place() { return { scale: this.scale, x: this.x, y: this.y, fitted: this.fitted }; }

  outlinesAnew({ off, at }) {
    Object.assign(this, at, { off });
    this.press();
    this.draw();
  }

  reset() {
    Object.assign(this, this.start, { invert: false, fitted: true, off: new Set() });
    this.pressed("invert", false);
    this.press();
    this.resized();
  }

  resized() {
    const density = Math.min(window.devicePixelRatio || 1, 2), box = this.stage.getBoundingClientRect();
    this.density = density;
    this.canvas.width = Math.max(1, Math.round(box.width * density));
    this.canvas.height = Math.max(1, Math.round(box.height * density));
    if (!this.levels.length) return;
    const { width, height } = this.levels[0];
    const before = this.fit;
    this.fit = Math.min(this.canvas.width / width, this.canvas.height / height);
    if (this.fitted || !before) {
      this.scale = this.fit;
      this.x = (this.canvas.width - width * this.scale) / 2;
      this.y = (this.canvas.height - height * this.scale) / 2;
    }
    this.draw();
  }

  zoom(factor, cx = this.canvas.width / 2, cy = this.canvas.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.fit * 0.5), 16 * this.density);
    this.x = cx - ((cx - this.x) * scale) / this.scale;
    this.y = cy - ((cy - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = Math.abs(scale / this.fit - 1) < 1e-6;
    this.keepInSight();
    this.draw();
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.keepInSight();
    this.draw();
  }

  keepInSight() {
    const { width, height } = this.levels[0], least = 60 * this.density;
    this.x = Math.min(Math.max(this.x, least - width * this.scale), this.canvas.width - least);
    this.y = Math.min(Math.max(this.y, least - height * this.scale), this.canvas.height - least);
  }

  window(width, centre) {
    this.width = Math.min(Math.max(width, 2), 100);
    this.centre = Math.min(Math.max(centre, 0), 100);
    this.draw();
  }

  draw() {
    if (this.waiting || !this.levels.length) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.paint();
    });
  }

  paint() {
    const { canvas, pen, scale } = this, W = canvas.width, H = canvas.height;
    let depth = 0;
    while (depth < this.levels.length - 1 && scale * 2 ** depth < 0.75) depth++;
    const { data, width, height } = this.levels[depth];
    const step = 1 / (scale * 2 ** depth), lut = this.lut;
    const low = ((this.centre - this.width / 2) / 100) * FULL, span = (this.width / 100) * FULL;
    for (let value = 0; value <= FULL; value++) {
      const grey = ((value - low) / span) * 255;
      lut[value] = this.invert ? 255 - grey : grey;
    }
    const image = pen.createImageData(W, H), out = new Uint32Array(image.data.buffer);
    out.fill(0xff000000);
    const film = this.levels[0], right = film.width * scale, bottom = film.height * scale;
    const x0 = Math.max(0, Math.ceil(this.x)), x1 = Math.min(W, Math.floor(this.x + right));
    const y0 = Math.max(0, Math.ceil(this.y)), y1 = Math.min(H, Math.floor(this.y + bottom));
    const heat = this.heat && this.opacity > 0 ? this.heat : null, map = this.map, strength = this.opacity / 100;
    const hx = heat ? heat.width / right : 0, hy = heat ? heat.height / bottom : 0;
    for (let y = y0; y < y1; y++) {
      const fy = Math.min(Math.max((y + 0.5 - this.y) * step - 0.5, 0), height - 1);
      const r0 = Math.floor(fy), ty = fy - r0, a = r0 * width, b = Math.min(r0 + 1, height - 1) * width;
      let ha = 0, hb = 0, hty = 0;
      if (heat) {
        const gy = Math.min(Math.max((y + 0.5 - this.y) * hy - 0.5, 0), heat.height - 1), g0 = Math.floor(gy);
        hty = gy - g0; ha = g0 * heat.width; hb = Math.min(g0 + 1, heat.height - 1) * heat.width;
      }
      for (let x = x0; x < x1; x++) {
        const fx = Math.min(Math.max((x + 0.5 - this.x) * step - 0.5, 0), width - 1);
        const c0 = Math.floor(fx), c1 = Math.min(c0 + 1, width - 1), tx = fx - c0;
        const top = data[a + c0] + (data[a + c1] - data[a + c0]) * tx;
        const low_ = data[b + c0] + (data[b + c1] - data[b + c0]) * tx;
        const grey = lut[(top + (low_ - top) * ty + 0.5) | 0];
        let red = grey, green = grey, blue = grey;
        if (heat) {
          const gx = Math.min(Math.max((x + 0.5 - this.x) * hx - 0.5, 0), heat.width - 1), g0 = Math.floor(gx);
          const g1 = Math.min(g0 + 1, heat.width - 1), htx = gx - g0, d = heat.data;
          const up = d[ha + g0] + (d[ha + g1] - d[ha + g0]) * htx, down = d[hb + g0] + (d[hb + g1] - d[hb + g0]) * htx;
          const at = ((up + (down - up) * hty + 0.5) | 0) * 4, cover = (map[at + 3] / 255) * strength;
          red += (map[at] - red) * cover; green += (map[at + 1] - green) * cover; blue += (map[at + 2] - blue) * cover;
        }
        out[y * W + x] = 0xff000000 | (blue << 16) | (green << 8) | red;
      }
    }
    pen.putImageData(image, 0, 0);
    this.trace();
    if (this.rule) this.measure();
    this.tell();
  }

  // The larger regions first, so that the smaller ones lie on them.
  trace() {
    const { pen, density } = this, shown = this.regions.filter(({ name }) => !this.off.has(name)).reverse();
    pen.lineJoin = "round";
    for (const { name, colour, dash } of shown) {
      for (const { outlines } of this.limbs) {
        if (!outlines[name]?.length) continue;
        const line = new Path2D(), pieces = Array.isArray(outlines[name][0][0]) ? outlines[name] : [outlines[name]];
        for (const piece of pieces) {
          piece.forEach(([x, y], i) => line[i ? "lineTo" : "moveTo"](this.x + x * this.scale, this.y + y * this.scale));
          line.closePath();
        }
        pen.setLineDash((dash || []).map((length) => length * density));
        pen.fillStyle = pen.strokeStyle = colour;
        pen.globalAlpha = this.fill / 100;
        pen.fill(line);
        pen.globalAlpha = 1;
        pen.lineWidth = 1.6 * density;
        pen.stroke(line);
      }
    }
    pen.setLineDash([]);
    if (!shown.length) return;
    pen.font = `600 ${13 * density}px sans-serif`;
    pen.textAlign = "center";
    for (const { title, at } of this.limbs) {
      if (!at) continue;
      const x = this.x + at[0] * this.scale, y = this.y + at[1] * this.scale - 7 * density;
      pen.lineWidth = 4 * density;
      pen.strokeStyle = "rgb(0 0 0 / 0.8)";
      pen.strokeText(title, x, y);
      pen.fillStyle = "#dbe2e8";
      pen.fillText(title, x, y);
    }
    this.name();
    pen.textAlign = "left";
  }

  // Level, grade and heights of each vertebral body, in front of it, over soft tissue; the heights where there is room.
  name() {
    const { pen, density } = this, line = 14 * density, gap = 9 * density;
    pen.lineWidth = 3.5 * density;
    pen.strokeStyle = "rgb(0 0 0 / 0.85)";
    for (const { bodies } of this.limbs) {
      for (const { name, title, heights, at, toward, tall, colour } of bodies) {
        if (this.off.has(name)) continue;
        const room = tall * this.scale, said = [[title, colour, 600]];
        if (room > 1.7 * line) said.push([heights, "#dbe2e8", 400]);
        pen.textAlign = toward > 0 ? "left" : "right";
        said.forEach(([text, ink, weight], i) => {
          pen.font = `${weight} ${Math.min(12, Math.max(9, room / density / 2)) * density}px sans-serif`;
          const x = this.x + at[0] * this.scale + toward * gap;
          const y = this.y + at[1] * this.scale + line * (i + 0.8 - said.length / 2);
          pen.strokeText(text, x, y);
          pen.fillStyle = ink;
          pen.fillText(text, x, y);
        });
      }
    }
  }

  // Which colour is which region, how large and how steady each is, with a switch for each.
  list(unit, heights, readers) {
    const rated = this.limbs.some(({ steady }) => Object.keys(steady).length);
    const table = this.root.querySelector(".regions table"), several = this.limbs.length > 1;
    const cell = (row, text, kind = "td") => row.appendChild(Object.assign(document.createElement(kind), { textContent: text }));
    this.root.querySelector(".regions").hidden = !this.regions.length;
    this.root.querySelector(".unit").textContent =
      readers ? "Who drew what" : `${heights ? `Heights in front / in the middle / behind, ${heights}. ` : ""}Areas in ${unit}`;
    this.root.querySelector('[data-do="outlines"]').textContent = readers ? "All outlines" : "All regions";
    table.replaceChildren();
    const head = table.createTHead().insertRow();
    cell(head, readers ? "Reader" : "Region", "th");
    for (const { title } of this.limbs) {
      cell(head, several || readers ? title : "Area", "th");
      if (rated) cell(head, "steady", "th").title = "How little the outline moves when the film is slightly changed: 100 % is not at all";
    }
    const body = table.createTBody();
    for (const { name, title, colour, dash } of this.regions) {
      const row = body.insertRow(), button = document.createElement("button"), swatch = document.createElement("i");
      button.type = "button";
      button.dataset.region = name;
      swatch.style.background = dash?.length ? `repeating-linear-gradient(90deg, ${colour} 0 3px, transparent 3px 5px)` : colour;
      button.append(swatch, title);
      row.insertCell().append(button);
      for (const { areas, steady } of this.limbs) {
        cell(row, name in areas ? areas[name].toLocaleString("en") : readers ? "nothing" : "not found");
        if (rated) cell(row, name in steady ? `${Math.round(steady[name] * 100)} %` : "");
      }
    }
  }

  // Each region's button, and that of all, as they stand.
  press() {
    for (const button of this.root.querySelectorAll("[data-region]")) {
      button.setAttribute("aria-pressed", String(!this.off.has(button.dataset.region)));
    }
    this.pressed("outlines", !this.off.size);
  }

  turn(names, on) {
    for (const name of names) on ? this.off.delete(name) : this.off.add(name);
    this.press();
    this.draw();
  }

  // A bar of so many centimetres, at the right edge, as film viewers have it.
  measure() {
    const { pen, density, canvas } = this, cm = (10 / this.rule.pixel_mm) * this.scale;
    const length = [20, 10, 5, 2, 1, 0.5].find((one) => one * cm < canvas.height * 0.4) ?? 0.5;
    const x = canvas.width - 16 * density, y = (canvas.height - length * cm) / 2, tick = 6 * density;
    const marks = Math.round(length) || 1;
    const bar = new Path2D(), said = `${length} cm ${this.rule.plane}`;
    bar.moveTo(x, y);
    bar.lineTo(x, y + length * cm);
    for (let i = 0; i <= marks; i++) {
      const at = y + (i * length * cm) / marks;
      bar.moveTo(x - (i % marks ? tick / 2 : tick), at);
      bar.lineTo(x, at);
    }
    pen.font = `${12 * density}px sans-serif`;
    pen.textAlign = "right";
    pen.lineJoin = "round";
    // Twice, dark and wide beneath, so that it is seen on bone and on air.
    for (const [width, colour] of [[4, "rgb(0 0 0 / 0.75)"], [1.4, "#dbe2e8"]]) {
      pen.lineWidth = width * density;
      pen.strokeStyle = pen.fillStyle = colour;
      pen.stroke(bar);
      if (width > 2) pen.strokeText(said, x, y + length * cm + 18 * density);
      else pen.fillText(said, x, y + length * cm + 18 * density);
    }
    pen.textAlign = "left";
  }

  tell() {
    const percent = Math.round((this.scale / this.density) * 100 * this.shrunk);
    const lines = [`Zoom ${percent} %`, `W ${Math.round(this.width)} L ${Math.round(this.centre)}`];
    if (this.shrunk < 1) lines.push("Shown at reduced size");
    this.root.querySelector(".facts").textContent = lines.join("   ");
    this.root.querySelector(".legend").hidden = !(this.heat && this.opacity > 0);
    for (const input of this.root.querySelectorAll("input")) input.value = this[input.dataset.set];
    this.canvas.style.touchAction = this.fitted ? "pan-y" : "none";
  }

  pressed(name, on) {
    this.root.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", String(on));
  }

  act(name) {
    if (!this.levels.length) return;
    if (name === "in") this.zoom(1.25);
    if (name === "out") this.zoom(0.8);
    if (name === "fit") { this.fitted = true; this.resized(); }
    if (name === "one") this.zoom(this.density / this.scale);
    if (name === "invert") { this.invert = !this.invert; this.pressed("invert", this.invert); this.draw(); }
    if (name === "outlines") this.turn(this.regions.map((one) => one.name), this.off.size > 0);
    if (name === "reset") this.reset();
    if (name === "full") document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen?.();
  }

  listen() {
    const { canvas } = this, at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) * this.density, (event.clientY - box.top) * this.density];
    };
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.act(button.dataset.do);
      const region = event.target.closest("[data-region]")?.dataset.region;
      if (region) this.turn([region], this.off.has(region));
    });
    this.root.addEventListener("input", (event) => {
      if (!this.levels.length) return;
      this[event.target.dataset.set] = Number(event.target.value);
      this.draw();
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (this.levels.length) this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
    }, { passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", () => this.act("fit"));
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add("dragging");
      this.pointers.set(event.pointerId, { at: at(event), button: event.button });
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => {
        this.pointers.delete(event.pointerId);
        if (!this.pointers.size) canvas.classList.remove("dragging");
      });
    }
    canvas.addEventListener("pointermove", (event) => {
      const held = this.pointers.get(event.pointerId);
      if (!held || !this.levels.length) return;
      const [x, y] = at(event), dx = x - held.at[0], dy = y - held.at[1];
      if (this.pointers.size === 2) this.pinch(event.pointerId, held, [x, y]);
      else if (held.button === 2) this.window(this.width + (dx / this.canvas.width) * 120, this.centre - (dy / this.canvas.height) * 120);
      else if (event.pointerType !== "touch" || !this.fitted) this.move(dx, dy);
      held.at = [x, y];
    });
    canvas.addEventListener("keydown", (event) => {
      const pan = 40 * this.density, does = {
        "+": () => this.act("in"), "=": () => this.act("in"), "-": () => this.act("out"), 0: () => this.act("fit"),
        1: () => this.act("one"), i: () => this.act("invert"), r: () => this.act("reset"),
        ArrowLeft: () => this.move(pan, 0), ArrowRight: () => this.move(-pan, 0),
        ArrowUp: () => this.move(0, pan), ArrowDown: () => this.move(0, -pan),
      }[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey || !this.levels.length) return;
      event.preventDefault();
      event.stopPropagation();
      does();
    });
  }

  pinch(id, held, [x, y]) {
    const other = [...this.pointers].find(([key]) => key !== id)[1].at;
    const before = Math.hypot(held.at[0] - other[0], held.at[1] - other[1]);
    const after = Math.hypot(x - other[0], y - other[1]);
    if (before > 0) this.zoom(after / before, (x + other[0]) / 2, (y + other[1]) / 2);
  }
}
