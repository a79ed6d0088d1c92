// The page comes to life.

document.getElementById("app").append(...[gridSection(), compareSection(), warningSection(), dialogElement()].filter(Boolean));
openableNames();
narrow();
addEventListener("hashchange", follow);
addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !typing && !dialog.element.open && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("search").focus();
  }
});
follow();
