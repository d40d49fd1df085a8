// What Blazor cannot do from the server: keep a draft in this browser, answer keys in the editor, hand files over, save a file.

document.addEventListener("click", event => {
  // Without the question whether to leave: what is unsaved is kept here.
  if (event.target.closest("#components-reconnect-modal button")) { window.onbeforeunload = null; location.reload(); }
  // A list of publications that was opened closes when somebody looks elsewhere.
  for (const open of document.querySelectorAll("details.switch[open]")) if (!open.contains(event.target)) open.open = false;
});

// MudBlazor gives the focus to a dialog and keeps it there by asking the server, which quick fingers overtake: behind a dialog the page is out of reach, and gets the focus back.
let before, isAsked = false;
document.addEventListener("focusin", event => { if (event.target.closest(".shell")) before = event.target; });
new MutationObserver(() => {
  const isOpen = document.querySelector(".mud-dialog") !== null;
  if (isOpen === isAsked) return;
  isAsked = isOpen;
  document.querySelector(".shell")?.toggleAttribute("inert", isAsked);
  if (isAsked) document.querySelector(".mud-dialog :is(input, select, textarea, .btn)")?.focus();
  if (!isAsked && before?.isConnected) before.focus();
}).observe(document.body, { childList: true, subtree: true });

// Its own Escape is heard only with the focus in the dialog, and only once its script was told of it.
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && !event.defaultPrevented) [...document.querySelectorAll(".mud-dialog .mud-button-close")].at(-1)?.click();
});

const drafts = "newsletter-draft:";

// A draft is kept until it is saved: { at, version, fields } under the post's own key.
const keep = (key, draft) => { try { localStorage.setItem(drafts + key, JSON.stringify(draft)); } catch { /* A full store must not stop the writing. */ } };
const kept = key => localStorage.getItem(drafts + key);
const drop = key => localStorage.removeItem(drafts + key);

class Editor {
  static #last;
  #area; #page; #key; #timer; #fields = {};

  // What the other fields hold is known from the outset: what is typed before the page first hears of it can be brought back, too.
  constructor(area, bar, page, key, fields) {
    this.#area = area; this.#page = page; this.#key = key; this.#fields = fields;
    Editor.#last = this;
    bar.addEventListener("click", event => this.#press(event.target.closest("button")));
    bar.addEventListener("change", event => this.#pick(event.target));
    area.addEventListener("input", () => this.#changed());
    area.addEventListener("keydown", event => this.#shortcut(event));
    area.addEventListener("paste", event => this.#take(event, event.clipboardData));
    area.addEventListener("drop", event => { area.classList.remove("is-target"); this.#take(event, event.dataTransfer); });
    area.addEventListener("dragover", event => { event.preventDefault(); area.classList.add("is-target"); });
    area.addEventListener("dragleave", () => area.classList.remove("is-target"));
    if (area.value !== area.defaultValue) this.#changed();
  }

  // What was typed while the connection was away never reached the page.
  static returned() { if (Editor.#last?.#area.isConnected) Editor.#last.#tell(); }

  text() { return this.#area.value; }

  replace(text) { this.#area.value = text; }

  // The other fields, as the page knows them; kept together with the text.
  fields(fields) { this.#fields = fields; this.#store(); }

  moved(key) { drop(this.#key); this.#key = key; }

  // What was typed since is kept on.
  saved(text) { if (this.#area.value === text) drop(this.#key); else this.#store(); }

  // The buttons work without asking the server: nobody waits for a heading, and no caret moves meanwhile.
  #press(button) {
    if (!button || this.#area.readOnly) return;
    const { wrap, end, sample, prefix, block } = button.dataset;
    if (wrap) this.#wrap(wrap, end, sample);
    else if (prefix) this.#prefix(prefix);
    else if (block) this.#block(block);
  }

  async #pick(input) {
    if (!("images" in input.dataset)) return;
    for (const file of input.files) await this.#upload(file);
    input.value = "";
  }

  #wrap(before, after, sample) {
    const { selectionStart: from, selectionEnd: to, value } = this.#area;
    const inner = value.slice(from, to) || sample;
    this.#insert(before + inner + after, from, to);
    this.#area.setSelectionRange(from + before.length, from + before.length + inner.length);
  }

  // Something that stands on lines of its own.
  #block(text) {
    const { selectionStart: at, value } = this.#area;
    const lead = at === 0 || value.slice(0, at).endsWith("\n\n") ? "" : value[at - 1] === "\n" ? "\n" : "\n\n";
    this.#insert(lead + text + "\n\n", at, at);
  }

  #prefix(mark) {
    const { selectionStart, selectionEnd, value } = this.#area;
    const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
    const lines = value.slice(from, selectionEnd).split("\n").map(line => mark + line.replace(/^(#+|[-*>]|\d+\.) /, ""));
    this.#insert(lines.join("\n"), from, selectionEnd);
  }

  #insert(text, from, to) {
    this.#area.focus();
    this.#area.setSelectionRange(from, to);
    // Keeps the browser's own undo; setRangeText does not.
    if (!document.execCommand("insertText", false, text)) { this.#area.setRangeText(text, from, to, "end"); this.#changed(); }
  }

  #shortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "b") this.#wrap("**", "**", "bold");
    else if (key === "i") this.#wrap("*", "*", "italic");
    else if (key === "k") this.#wrap("[", "](https://)", "link");
    else return;
    event.preventDefault();
  }

  #changed() {
    this.#store();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), 350);
  }

  #tell() { this.#page.invokeMethodAsync("Written", this.#area.value).catch(() => { }); }

  #store() { keep(this.#key, { at: new Date().toISOString(), body: this.#area.value, ...this.#fields }); }

  async #take(event, data) {
    const images = [...(data?.files ?? [])].filter(file => file.type.startsWith("image/"));
    if (images.length === 0) return;
    event.preventDefault();
    for (const image of images) await this.#upload(image);
  }

  image(url, text = "") { this.#block(`![${text}](${url})`); }

  async #upload(file) {
    const url = await this.#page.invokeMethodAsync("UploadImage", DotNet.createJSStreamReference(file), file.size, file.type);
    if (url) this.image(url, file.name.replace(/\.[^.]*$/, "").replace(/[[\]]/g, ""));
  }
}

// What the other fields were told while the connection was away, and just before that was noticed, is told again.
const unnoticedMs = 30_000, changed = new Map();
let away;
for (const type of ["input", "change"]) document.addEventListener(type, event => {
  if (!away) for (const [field, at] of changed) if (at < Date.now() - unnoticedMs) changed.delete(field);
  changed.set(event.target, Date.now());
}, true);
document.getElementById("components-reconnect-modal").addEventListener("components-reconnect-state-changed", event => {
  away ??= Date.now();
  if (event.detail.state !== "hide") return;
  Editor.returned();
  for (const [field, at] of changed) {
    if (!field.isConnected || field.type === "file" || at < away - unnoticedMs) continue;
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  }
  away = undefined;
});

window.newsletterConsole = {
  keep, kept, drop,
  edit: (area, bar, page, key, fields) => new Editor(area, bar, page, key, fields),
  save: async (name, stream) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([await stream.arrayBuffer()]));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },
  copy: text => navigator.clipboard.writeText(text),
  // A page that goes while something is unsaved asks first.
  guard: on => { window.onbeforeunload = on ? event => event.preventDefault() : null; },
};
