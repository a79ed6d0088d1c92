// Elements, durations, and captured text with the colours it asked for.

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const button = (properties, ...children) => element("button", { type: "button", ...properties }, ...children);
const hidden = (text) => element("span", { class: "visually-hidden" }, text);
const classOf = (outcome) => `is-${outcome.replace(" ", "-")}`;

function duration(milliseconds) {
  if (milliseconds < 9.95) return `${milliseconds} ms`;
  if (milliseconds < 995) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

// A name that may be broken between its words.
function breakable(text) {
  return text.split(/(?<=_|::|[-/.,[])(?=[^_:])/).flatMap((piece, at) => (at ? [element("wbr"), piece] : [piece]));
}

function badge(outcome) {
  return element("span", { class: `badge ${classOf(outcome)}` }, outcome);
}

function glyph(outcome) {
  return element("span", { class: `glyph ${classOf(outcome)}`, "aria-hidden": "true" }, GLYPHS[outcome]);
}

// SGR: ECMA-48 8.3.117, with 256 and 16 million colours as in ITU-T T.416.

const STEPS = [0, 95, 135, 175, 215, 255];

function indexedColour(index) {
  if (index < 16) return null;
  if (index > 231) return `rgb(${Array(3).fill(8 + 10 * (index - 232)).join(" ")})`;
  const cube = index - 16;
  return `rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((each) => STEPS[each]).join(" ")})`;
}

function extendedColour(codes) {
  const kind = codes.shift();
  if (kind === 5) {
    const index = Math.min(codes.shift() ?? 0, 255);
    return index < 16 ? index : indexedColour(index);
  }
  return kind === 2 ? `rgb(${codes.splice(0, 3).map((each) => Math.min(each, 255)).join(" ")})` : null;
}

const SWITCHES = { 1: "bold", 2: "dim", 3: "italic", 4: "underlined", 7: "inverse", 9: "struck" };
const OFF = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underlined"], 27: ["inverse"], 29: ["struck"] };

function applyCodes(style, parameters) {
  const codes = parameters.split(/[;:]/).map(Number);
  while (codes.length > 0) {
    const code = codes.shift();
    if (code === 0) Object.assign(style, { colour: null, background: null, switches: new Set() });
    else if (SWITCHES[code]) style.switches.add(SWITCHES[code]);
    else if (OFF[code]) OFF[code].forEach((each) => style.switches.delete(each));
    else if (code === 38) style.colour = extendedColour(codes);
    else if (code === 48) style.background = extendedColour(codes);
    else if (code === 39) style.colour = null;
    else if (code === 49) style.background = null;
    else if (code >= 30 && code < 38) style.colour = code - 30;
    else if (code >= 90 && code < 98) style.colour = code - 82;
    else if (code >= 40 && code < 48) style.background = code - 40;
    else if (code >= 100 && code < 108) style.background = code - 92;
  }
}

function styled(text, style) {
  const { colour, background, switches } = style;
  if (colour === null && background === null && switches.size === 0) return text;
  const classes = [...switches];
  if (typeof colour === "number") classes.push(`colour-${colour}`);
  if (typeof background === "number") classes.push(`background-${background}`);
  const made = element("span", { class: classes.join(" ") }, text);
  if (typeof colour === "string") made.style.color = colour;
  if (typeof background === "string") made.style.backgroundColor = background;
  return made;
}

function coloured(text) {
  const style = { colour: null, background: null, switches: new Set() };
  const found = document.createDocumentFragment();
  text.split(/\x1b\[([0-9;:]*)m/).forEach((piece, index) => {
    if (index % 2) applyCodes(style, piece);
    else if (piece) found.append(styled(piece, style));
  });
  return found;
}

// A traceback: the lines that pytest marks stand out.

function traceback(text) {
  if (text.includes("\x1b")) return coloured(text);
  const found = document.createDocumentFragment();
  for (const run of text.match(/(?:^(?:E  .*|E)(?:\n|$))+|^>.*(?:\n|$)|[^\n]*\n|[^\n]+$/gm) ?? []) {
    const kind = /^E(  |$)/m.test(run) && run.startsWith("E") ? "wrong" : run.startsWith(">") ? "here" : null;
    found.append(kind ? element("span", { class: kind }, run) : run);
  }
  return found;
}

function textBlock(content, label) {
  return element("pre", { tabindex: "0", role: "region", "aria-label": label }, content);
}
