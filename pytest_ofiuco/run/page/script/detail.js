// The dialog: a test in a cell with all that is known of it, or a cell.

const dialog = { element: null, body: null, test: null, cell: null };

const place = (test, cell) => `#${encodeURIComponent(`${test.id}[${cells[cell].name}]`)}`;

function placed(hash) {
  let wanted = "";
  try {
    wanted = decodeURIComponent(hash.slice(1));
  } catch {
    return null;
  }
  const cell = cells.findIndex((each) => wanted.endsWith(`[${each.name}]`));
  if (cell < 0) return null;
  const id = wanted.slice(0, -cells[cell].name.length - 2);
  const test = tests.find((each) => each.id === id && each.results[cell]);
  return test ? { test, cell } : null;
}

function openResult(test, cell) {
  showResult(test, cell);
  location.hash = place(test, cell);
}

function closed() {
  dialog.test = null;
  if (location.hash) history.replaceState(null, "", `${location.pathname}${location.search}`);
}

function follow() {
  const found = placed(location.hash);
  if (found && dialog.test === found.test && dialog.cell === found.cell) return;
  if (found) showResult(found.test, found.cell);
  else if (dialog.element.open && dialog.test) dialog.element.close();
}

function show(title, ...content) {
  const heading = element("h2", { id: "dialog-title", tabindex: "-1" }, ...title);
  dialog.body.replaceChildren(heading, ...content.filter(Boolean));
  if (!dialog.element.open) dialog.element.showModal();
  dialog.body.scrollTo(0, 0);
  return heading;
}

function steps(test, cell) {
  const list = grid.shown.includes(test) ? grid.shown : tests;
  const at = list.indexOf(test);
  const step = (label, offset) => {
    const other = list[at + offset];
    const target = other && (other.results[cell] ? cell : other.results.findIndex(Boolean));
    return button({ class: "step", id: `step-${label.toLowerCase()}`, disabled: !other, onclick: () => openResult(other, target) }, label);
  };
  return [step("Previous", -1), step("Next", 1)];
}

function tabs(test, cell) {
  const there = cells.map((_, index) => index).filter((index) => test.results[index]);
  return element("div", { class: "chips", role: "group", "aria-label": "The test in each cell" }, ...there.map((index) => {
    const { outcome } = test.results[index];
    const label = `${cells[index].name}: ${outcome}`;
    return button({
      class: "chip", "aria-pressed": String(index === cell), "aria-label": label, onclick: () => openResult(test, index),
    }, glyph(outcome), cells[index].name);
  }));
}

const told = (result) => JSON.stringify(result.parts.map(({ label, outcome, text }) => [label, outcome, text]));

function sameElsewhere(test, cell) {
  const result = test.results[cell];
  if (!result.parts.length) return null;
  const same = cells.filter((_, index) => index !== cell && test.results[index] && told(test.results[index]) === told(result));
  return same.length > 0 && element("p", { class: "note" }, `Word for word the same in ${same.map((each) => each.name).join(", ")}.`);
}

// Of the cells where it passes, the one that has most in common with this one.
function counterpart(test, cell) {
  if (!isBroken(test.results[cell].outcome)) return null;
  const passing = cells.map((_, index) => index).filter((index) => test.results[index]?.outcome === "passed");
  const sized = passing.map((index) => ({ index, size: difference(cell, index).size }));
  return sized.sort((a, b) => a.size - b.size)[0]?.index ?? null;
}

function whatDiffers(test, cell) {
  const other = counterpart(test, cell);
  if (other === null) return null;
  return element("details", { class: "panel differing" },
    element("summary", {}, `What differs from ${cells[other].name}, where it passes`),
    ...differenceTables(cell, other, false));
}

function partPanel(part) {
  const text = data.texts[part.text];
  const title = element("h3", {}, part.label, " ", badge(part.outcome));
  return element("section", { class: "panel" }, title, text && textBlock(traceback(text), `${part.label}, ${part.outcome}`));
}

function outputPanel({ title, text }, broken) {
  const open = broken || data.texts[text].length < 2000;
  return element("details", { class: "panel output", open }, element("summary", {}, title), textBlock(coloured(data.texts[text]), title));
}

// Where the focus was, to be there again when another result is drawn.
function stays(focused) {
  if (!dialog.element.contains(focused)) return null;
  return focused.matches(".step") ? `#${focused.id}` : focused.matches(".chip") ? ".chip[aria-pressed=true]" : null;
}

function showResult(test, cell) {
  const result = test.results[cell];
  const steadfast = stays(document.activeElement);
  Object.assign(dialog, { test, cell });
  dialog.head.replaceChildren(...steps(test, cell));
  const empty = !result.parts.length && !result.output.length && result.outcome === "passed";
  const heading = show(
    [element("span", { class: "where" }, test.file), test.name],
    tabs(test, cell),
    element("p", { class: "summary" }, badge(result.outcome), ` in ${cells[cell].name}`,
      result.outcome === "not run" && ": the session ended before its turn", result.milliseconds > 0 && `, ${duration(result.milliseconds)}`),
    sameElsewhere(test, cell),
    whatDiffers(test, cell),
    ...result.parts.map(partPanel),
    ...result.output.map((each) => outputPanel(each, isBroken(result.outcome))),
    empty && element("p", { class: "note" }, "It printed nothing."),
    element("p", { class: "again" }, hidden("To run it again: "), element("code", {}, `pytest --ofiuco-matrix ${quoted(`${test.id}[${cells[cell].name}]`)}`)),
  );
  const target = steadfast && dialog.element.querySelector(steadfast);
  (target && !target.disabled ? target : heading).focus();
}

const quoted = (argument) => `'${argument.replaceAll("'", "'\\''")}'`;

function dialogElement() {
  dialog.head = element("div", { class: "steps" });
  dialog.body = element("div", { class: "content" });
  dialog.element = element("dialog", { id: "detail", "aria-labelledby": "dialog-title", onclose: closed },
    element("div", { class: "bar-of-dialog" }, dialog.head,
      button({ class: "close", "aria-label": "Close", onclick: () => dialog.element.close() }, "✕")),
    dialog.body);
  dialog.element.addEventListener("click", (event) => {
    if (event.target === dialog.element) dialog.element.close();
  });
  return dialog.element;
}
