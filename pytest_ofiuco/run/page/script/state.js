// The data as objects, what is chosen of it, and what that leaves.

const data = JSON.parse(document.getElementById("data").textContent);
const cells = data.cells;
const GLYPHS = {
  failed: "✕", error: "!", xpassed: "X", xfailed: "x", skipped: "s", passed: "✓", "not run": "○", rerun: "↻",
};
const CHIPS = ["failed", "error", "xpassed", "xfailed", "skipped", "passed", "not run"];
const isBroken = (outcome) => outcome === "failed" || outcome === "error";
const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function readResult(letter, milliseconds, more) {
  if (letter === "-") return null;
  const [message, parts, output] = more ?? ["", [], []];
  return {
    outcome: data.outcomes[letter],
    milliseconds,
    message,
    parts: parts.map(([label, outcome, text]) => ({ label, outcome: data.outcomes[outcome], text })),
    output: output.map(([title, text]) => ({ title, text })),
  };
}

function readTest([id, letters, milliseconds, more]) {
  const split = id.indexOf("::");
  const results = Array.from(letters, (letter, cell) => readResult(letter, milliseconds[cell], more[cell]));
  return {
    id,
    file: split < 0 ? id : id.slice(0, split),
    name: split < 0 ? "(collecting the file)" : id.slice(split + 2),
    results,
    broken: results.filter((each) => each && isBroken(each.outcome)).length,
    sought: [id, ...results.map((each) => each?.message ?? "")].join("\n").toLowerCase(),
  };
}

// In the order of their collection, each file's together.
function inFiles(found) {
  const files = new Map();
  for (const test of found) {
    if (!files.has(test.file)) files.set(test.file, []);
    files.get(test.file).push(test);
  }
  return [...files.values()].flat().map((test, index) => Object.assign(test, { index }));
}

const tests = inFiles(data.tests.map(readTest));

const chosen = { text: "", outcomes: new Set(), cells: new Set(), differs: false, order: "collected", times: false };

const isNarrowed = () => chosen.text !== "" || chosen.outcomes.size + chosen.cells.size > 0 || chosen.differs;

function shownCells() {
  return cells.map((_, index) => index).filter((index) => chosen.cells.size === 0 || chosen.cells.has(index));
}

// Whether the cells in which a test had its turn disagree: those that were chosen, if several were, else all.
function differs(test) {
  const results = test.results.filter((each, cell) => each && (chosen.cells.size < 2 || chosen.cells.has(cell)));
  return new Set(results.map((each) => each.outcome).filter((each) => each !== "not run")).size > 1;
}

function isShown(test, columns, words) {
  const results = columns.map((cell) => test.results[cell]).filter(Boolean);
  if (results.length === 0) return false;
  if (chosen.differs && !differs(test)) return false;
  if (chosen.outcomes.size > 0 && !results.some((each) => chosen.outcomes.has(each.outcome))) return false;
  return words.every((word) => test.sought.includes(word));
}

const slowest = (test, columns) => Math.max(...columns.map((cell) => test.results[cell]?.milliseconds ?? 0));

function shownTests() {
  const columns = shownCells();
  const words = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = tests.filter((test) => isShown(test, columns, words));
  if (chosen.order === "failing") found.sort((a, b) => b.broken - a.broken || differs(b) - differs(a) || a.index - b.index);
  if (chosen.order === "slowest") found.sort((a, b) => slowest(b, columns) - slowest(a, columns) || a.index - b.index);
  return found;
}

function outcomeCounts() {
  const counts = Object.fromEntries(CHIPS.map((outcome) => [outcome, 0]));
  const columns = shownCells();
  for (const test of tests) {
    for (const outcome of new Set(columns.map((cell) => test.results[cell]?.outcome))) if (outcome) counts[outcome] += 1;
  }
  return counts;
}

// What two cells have that differs.

const OF_PYTHON = new Set(["python_version", "python_full_version", "implementation_version"]);

function factsOf(cell) {
  const facts = new Map([["Python", cell.python], ["Platform", cell.platform], ["Platform tag", cell.tag]]);
  if (cell.execution) facts.set("Run by", cell.execution);
  if (cells.some((each) => each.variant)) facts.set("Variant", cell.variant ?? "the lock as it is");
  for (const [name, value] of Object.entries(cell.markers)) if (value && !OF_PYTHON.has(name)) facts.set(name, value);
  return facts;
}

function packagesOf(cell) {
  return new Map(Object.entries(cell.packages).map(([name, version]) => [name, version ?? "from source"]));
}

function compared(first, second) {
  const names = [...new Set([...first.keys(), ...second.keys()])];
  return names.map((name) => {
    const pair = [first, second].map((each) => each.get(name) ?? null);
    return { name, pair, differs: pair[0] !== pair[1] };
  });
}

function difference(first, second) {
  const packages = compared(packagesOf(cells[first]), packagesOf(cells[second]));
  packages.sort((a, b) => (a.name < b.name ? -1 : 1));
  const facts = compared(factsOf(cells[first]), factsOf(cells[second]));
  const size = [...packages, ...facts].filter((each) => each.differs).length;
  return { packages, facts, size };
}
