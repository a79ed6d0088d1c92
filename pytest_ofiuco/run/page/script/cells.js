// What cells consist of, how two of them differ, and what was warned of.

function table(head, rows) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": head.join(", ") },
    element("table", { class: "facts" },
      element("thead", {}, element("tr", {}, ...head.map((each) => element("th", { scope: "col" }, each)))),
      element("tbody", {}, ...rows)));
}

function pairRow({ name, pair, differs }) {
  const value = (each) => element("td", each === null ? { class: "missing" } : {}, each ?? "not there");
  return element("tr", { class: differs ? "differing" : "equal" }, element("th", { scope: "row" }, name), ...pair.map(value));
}

function differenceTables(first, second, all) {
  const { packages, facts } = difference(first, second);
  const names = [cells[first].name, cells[second].name];
  const rows = (found) => found.filter((each) => all || each.differs).map(pairRow);
  const differing = packages.filter((each) => each.differs).length;
  return [
    element("p", { class: "summary", role: "status" }, `${differing.toLocaleString("en")} of ${counted(packages.length, "package")} differ${differing === 1 ? "s" : ""}.`),
    rows(packages).length > 0 && table(["Package", ...names], rows(packages)),
    rows(facts).length > 0 && table(["Environment", ...names], rows(facts)),
  ].filter(Boolean);
}

function openCell(index) {
  const cell = cells[index];
  dialog.test = null;
  dialog.head.replaceChildren();
  const rows = (found) => [...found].map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)));
  const packages = packagesOf(cell);
  const heading = show(
    [element("span", { class: "where" }, "Cell"), cell.name],
    ...cell.problems.map(([outcome, text]) => element("section", { class: "panel" },
      element("h3", {}, badge(outcome)), textBlock(coloured(text), outcome))),
    element("h3", {}, "Environment"), table(["Environment", "Value"], rows(new Map([...factsOf(cell), ["Lock", document.getElementById("lock").textContent]]))),
    element("h3", {}, counted(packages.size, "package")),
    packages.size > 0 && table(["Package", "Version"], rows(packages)),
  );
  heading.focus();
}

const comparison = { first: null, second: null, all: null, result: null };

function compare() {
  const [first, second] = [Number(comparison.first.value), Number(comparison.second.value)];
  comparison.result.replaceChildren(...differenceTables(first, second, comparison.all.checked));
}

// A test that fails in one cell and passes in another says which two are worth a look.
function initialPair() {
  for (const test of tests.filter((each) => differs(each) && each.broken)) {
    const first = test.results.findIndex((each) => each && isBroken(each.outcome));
    const second = counterpart(test, first);
    if (second !== null) return [first, second];
  }
  return [0, cells.length - 1];
}

function compareSection() {
  if (cells.length < 2) return null;
  const pair = initialPair();
  const select = (label, selected) => element("select", { "aria-label": label, onchange: compare },
    ...cells.map((cell, index) => element("option", { value: index, selected: index === selected }, cell.name)));
  comparison.first = select("First cell", pair[0]);
  comparison.second = select("Second cell", pair[1]);
  comparison.all = element("input", { type: "checkbox", onchange: compare });
  comparison.result = element("div", { id: "difference" });
  const made = element("section", { "aria-labelledby": "compare-title", id: "compare" },
    element("h2", { id: "compare-title" }, "How two cells differ"),
    element("div", { class: "tools" }, comparison.first, element("span", { class: "tool" }, "and"), comparison.second,
      element("label", { class: "tool" }, comparison.all, " What is equal, too")),
    comparison.result);
  compare();
  return made;
}

function warningSection() {
  if (data.warnings.length === 0) return null;
  const panel = ([category, text, where, count, names]) => element("details", { class: "panel" },
    element("summary", {}, element("span", { class: "category" }, category), " ", text.split("\n")[0],
      count > 1 && element("span", { class: "count" }, ` × ${count.toLocaleString("en")}`)),
    textBlock(coloured(text), category),
    element("p", { class: "note" }, [where, names.join(", ")].filter(Boolean).join(" · ")));
  return element("section", { "aria-labelledby": "warnings-title" },
    element("h2", { id: "warnings-title" }, `Warnings (${data.warnings.length.toLocaleString("en")})`),
    ...data.warnings.map(panel));
}

function openableNames() {
  for (const name of document.querySelectorAll(".cell-name")) {
    const index = cells.findIndex((cell) => cell.name === name.dataset.cell);
    const label = `${cells[index].name}: what it consists of`;
    name.replaceChildren(button({ class: "link", "aria-label": label, onclick: () => openCell(index) }, cells[index].name));
  }
}
