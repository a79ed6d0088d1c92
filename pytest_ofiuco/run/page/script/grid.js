// Tests × cells, and what narrows them.

const ROWS_AT_ONCE = 400;
const grid = { table: null, shown: [], columns: [], drawn: 0, file: null, files: null, active: null };

function chip(label, { pressed, count, outcome, title, toggle }) {
  return button(
    { class: "chip", "aria-pressed": String(pressed), title, onclick: toggle },
    outcome && glyph(outcome),
    label,
    count !== undefined && element("span", { class: "count" }, count.toLocaleString("en")),
  );
}

function toggled(set, value) {
  return () => {
    if (!set.delete(value)) set.add(value);
    narrow();
  };
}

function outcomeChips() {
  const counts = outcomeCounts();
  const there = CHIPS.filter((outcome) => counts[outcome] > 0 || chosen.outcomes.has(outcome));
  const found = there.map((outcome) => chip(outcome, {
    pressed: chosen.outcomes.has(outcome), count: counts[outcome], outcome, toggle: toggled(chosen.outcomes, outcome),
  }));
  const differing = tests.filter(differs).length;
  if (differing > 0 || chosen.differs) {
    const toggle = () => { chosen.differs = !chosen.differs; narrow(); };
    const title = "Tests that come to something else in another cell";
    found.push(chip("≠ differs", { pressed: chosen.differs, count: differing, title, toggle }));
  }
  return found;
}

function cellChips() {
  if (cells.length < 2) return [];
  return cells.map((cell, index) => chip(cell.name, { pressed: chosen.cells.has(index), toggle: toggled(chosen.cells, index) }));
}

function choices(label, name) {
  return element("div", { class: "chips", role: "group", "aria-label": label, id: name });
}

function toolbar() {
  const search = element("input", {
    type: "search", id: "search", placeholder: "Find a test or a message", "aria-label": "Find tests by name or message",
    autocomplete: "off", spellcheck: "false",
    oninput: (event) => { chosen.text = event.target.value; narrow(); },
  });
  const order = element("select", { id: "order", onchange: (event) => { chosen.order = event.target.value; narrow(); } },
    ...[["collected", "as collected"], ["failing", "failing first"], ["slowest", "slowest first"]]
      .map(([value, label]) => element("option", { value }, label)));
  const times = element("input", {
    type: "checkbox", id: "times", onchange: (event) => { chosen.times = event.target.checked; narrow(); },
  });
  return element("div", { class: "toolbar" },
    element("div", { class: "tools" }, search,
      element("label", { class: "tool" }, "Order ", order),
      element("label", { class: "tool" }, times, " Durations")),
    choices("Outcomes", "outcomes"), choices("Cells", "cells"),
    element("p", { class: "status" }, element("span", { id: "status", role: "status" }),
      button({ id: "clear", class: "link", hidden: true, onclick: clear }, "Clear filters")));
}

function clear() {
  Object.assign(chosen, { text: "", differs: false });
  chosen.outcomes.clear();
  chosen.cells.clear();
  const search = document.getElementById("search");
  search.value = "";
  search.focus();
  narrow();
}

// The focus stays on a choice that is drawn again.
function redraw(id, made) {
  const holder = document.getElementById(id);
  const at = [...holder.children].indexOf(document.activeElement);
  holder.replaceChildren(...made);
  if (at >= 0) holder.children[Math.min(at, made.length - 1)]?.focus();
}

function narrow() {
  redraw("outcomes", outcomeChips());
  redraw("cells", cellChips());
  grid.shown = shownTests();
  grid.columns = shownCells();
  const all = tests.length;
  const told = grid.shown.length === all ? counted(all, "test") : `${grid.shown.length.toLocaleString("en")} of ${counted(all, "test")}`;
  document.getElementById("status").textContent = `${told} in ${counted(grid.columns.length, "cell")}`;
  document.getElementById("clear").hidden = !isNarrowed();
  drawGrid();
}

function cellHeading(index) {
  const { name, platform, variant } = cells[index];
  const short = name.slice(0, name.length - [platform, variant].filter(Boolean).join("-").length - 1) || name;
  const lines = [short, platform, variant].filter(Boolean);
  const shown = lines.join("-") === name ? lines : [name];
  const parts = shown.map((line, at) => element("span", { class: at ? "minor" : "major" }, line));
  return element("th", { scope: "col", role: "columnheader" },
    button({ class: "heading", "data-about": index, tabindex: "-1", "aria-label": `${name}: what it consists of` }, ...parts));
}

function drawGrid() {
  const head = element("tr", {}, element("th", { scope: "col", class: "test", role: "columnheader" }, "Test"), ...grid.columns.map(cellHeading));
  grid.table = element("table", {
    class: chosen.times || chosen.order === "slowest" ? "grid with-times" : "grid", role: "grid", "aria-label": "Tests in cells",
    "aria-readonly": "true", "aria-rowcount": grid.shown.length + 1, "aria-colcount": grid.columns.length + 1,
  }, element("thead", {}, head));
  Object.assign(grid, { drawn: 0, file: null, files: countFiles(), active: null });
  const holder = document.getElementById("grid");
  holder.replaceChildren(grid.table);
  holder.scrollTo(0, 0);
  if (grid.shown.length === 0) holder.append(element("p", { class: "empty" }, tests.length ? "No test is like this." : "No tests were run."));
  drawMore();
}

function countFiles() {
  const files = new Map();
  for (const test of grid.shown) {
    const [number, broken] = files.get(test.file) ?? [0, 0];
    files.set(test.file, [number + 1, broken + (test.broken ? 1 : 0)]);
  }
  return files;
}

function fileRow(file) {
  const [number, broken] = grid.files.get(file);
  const told = [counted(number, "test"), broken && `${broken} failing`].filter(Boolean).join(", ");
  return element("tr", { class: "file" }, element("th", { scope: "rowgroup", colspan: grid.columns.length + 1 },
    element("span", {}, ...breakable(file), " ", element("small", {}, told))));
}

function describe(test, cell, result) {
  const again = result.parts.some((part) => part.outcome === "rerun") ? ", run again" : "";
  return `${test.name}, ${cells[cell].name}: ${result.outcome}${again}, ${duration(result.milliseconds)}`;
}

function mark(test, cell, withTimes) {
  const result = test.results[cell];
  if (!result) return element("td", { class: "absent", role: "gridcell" }, hidden("not in this cell"));
  const again = result.parts.some((part) => part.outcome === "rerun");
  const made = button({
    class: `mark ${classOf(result.outcome)}`, "data-test": test.index, "data-cell": cell, tabindex: "-1",
    "aria-label": describe(test, cell, result), title: result.message || false,
  }, GLYPHS[result.outcome], again && element("sup", {}, GLYPHS.rerun));
  if (withTimes && result.outcome !== "not run") made.append(element("small", {}, duration(result.milliseconds)));
  return element("td", { role: "gridcell" }, made);
}

function bestCell(test) {
  const there = grid.columns.filter((cell) => test.results[cell]);
  return [...there].sort((a, b) => CHIPS.indexOf(test.results[a].outcome) - CHIPS.indexOf(test.results[b].outcome))[0];
}

function testRow(test, at, grouped, withTimes) {
  const cell = bestCell(test);
  const name = grouped ? test.name : test.id;
  const bracket = name.indexOf("[");
  const label = bracket > 0 ? [...breakable(name.slice(0, bracket)), element("span", { class: "values" }, ...breakable(name.slice(bracket)))] : breakable(name);
  const message = isBroken(test.results[cell].outcome) ? test.results[cell].message : "";
  return element("tr", { "aria-rowindex": at + 2 },
    element("th", { scope: "row", class: "test", role: "rowheader" },
      button({ class: "name", "data-test": test.index, "data-cell": cell, tabindex: "-1", title: test.id },
        element("span", { class: "label" }, ...label),
        differs(test) && element("span", { class: "differs" }, element("span", { "aria-hidden": "true" }, "≠"), hidden(", differs between cells")),
        message && element("span", { class: "message" }, message))),
    ...grid.columns.map((each) => mark(test, each, withTimes)));
}

function drawMore() {
  const grouped = chosen.order === "collected";
  const withTimes = chosen.times || chosen.order === "slowest";
  const next = grid.shown.slice(grid.drawn, grid.drawn + ROWS_AT_ONCE);
  let body = grid.table.tBodies[grid.table.tBodies.length - 1];
  next.forEach((test, offset) => {
    if (!body || (grouped && test.file !== grid.file)) {
      body = element("tbody");
      grid.table.append(body);
      if (grouped) body.append(fileRow(test.file));
      grid.file = test.file;
    }
    body.append(testRow(test, grid.drawn + offset, grouped, withTimes));
  });
  grid.drawn += next.length;
  drawRest();
  if (!grid.active) activate(grid.table.querySelector("tbody button"));
}

function drawRest() {
  document.getElementById("more")?.remove();
  const left = grid.shown.length - grid.drawn;
  if (left === 0) return;
  const more = button({ id: "more", class: "more", onclick: drawMore }, `Show ${Math.min(left, ROWS_AT_ONCE)} more of ${counted(left, "test")}`);
  document.getElementById("grid").append(more);
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((each) => each.isIntersecting)) return;
    observer.disconnect();
    if (more.isConnected) drawMore();
  }, { root: document.getElementById("grid"), rootMargin: "600px" }).observe(more);
}

// One button of the grid is in the order of tabs; the arrow keys go to the others.

function activate(target) {
  if (!target) return;
  grid.active?.setAttribute("tabindex", "-1");
  grid.active = target;
  target.setAttribute("tabindex", "0");
}

const rowsOf = () => [...grid.table.rows].filter((row) => row.querySelector("button"));
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function beside(start, [down, right]) {
  const rows = rowsOf();
  let row = rows.indexOf(start.closest("tr"));
  let column = start.closest("td, th").cellIndex;
  for (;;) {
    row += down;
    column += right;
    const place = rows[row]?.cells[column];
    if (!place) return null;
    const found = place.querySelector("button");
    if (found) return found;
  }
}

function edge(start, key, far) {
  const row = far ? rowsOf()[key === "Home" ? 0 : rowsOf().length - 1] : start.closest("tr");
  const buttons = row.querySelectorAll("button");
  return key === "Home" ? buttons[0] : buttons[buttons.length - 1];
}

function onGridKey(event) {
  const start = event.target.closest?.("table.grid button");
  if (!start || event.altKey || event.metaKey) return;
  let found = null;
  if (MOVES[event.key] && !event.ctrlKey) found = beside(start, MOVES[event.key]);
  else if (event.key === "Home" || event.key === "End") found = edge(start, event.key, event.ctrlKey);
  else return;
  event.preventDefault();
  if (found) {
    activate(found);
    found.focus();
  }
}

function gridSection() {
  const holder = element("div", { id: "grid", class: "scroll tall", role: "region", "aria-labelledby": "tests-title", onkeydown: onGridKey });
  holder.addEventListener("click", (event) => {
    const found = event.target.closest("button");
    if (!found || found.id === "more") return;
    activate(found);
    if (found.dataset.about) openCell(Number(found.dataset.about));
    else openResult(tests[found.dataset.test], Number(found.dataset.cell));
  });
  return element("section", { "aria-labelledby": "tests-title" }, element("h2", { id: "tests-title" }, "Tests"), toolbar(), holder);
}
