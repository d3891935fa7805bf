// What the chat does in the browser alone. Python makes all HTML; what can be pressed there carries data-act.
(() => {
  "use strict";
  const THEME = "rag.theme";
  const PHONE = matchMedia("(max-width: 859px)");
  const byId = (id) => document.getElementById(id);

  // Gradio says that the page is in the browser's language; it is in its own.
  const root = document.documentElement;
  const speak = () => root.lang !== root.dataset.lang && (root.lang = root.dataset.lang);
  new MutationObserver(speak).observe(root, { attributeFilter: ["lang"] });

  // The chosen brightness, before anything is painted; Gradio reads it from the address.
  const saved = localStorage.getItem(THEME);
  const address = new URL(location.href);
  if (saved && !address.searchParams.has("__theme")) {
    address.searchParams.set("__theme", saved);
    history.replaceState(null, "", address);
    root.dataset.theme = saved;
  }

  function switchTheme() {
    const theme = document.body.classList.toggle("dark") ? "dark" : "light";
    localStorage.setItem(THEME, theme);
    root.dataset.theme = theme;
  }

  const busy = () => document.querySelector("#log .reply.pending") !== null;

  // Enter that confirms a composition is the input method's: Chromium marks it as composing, Safari sends it
  // after the end of the composition with key code 229.
  let confirming = false;
  function guard(event) {
    if (event.key !== "Enter" || !event.target.matches?.("textarea, input")) return;
    if (event.type === "keydown") confirming = event.isComposing || event.keyCode === 229;
    const early = event.target.closest("#question") && busy() && !event.shiftKey;
    if (confirming || early) {
      event.stopImmediatePropagation();
      if (!confirming || event.type === "keypress") event.preventDefault();
    }
    if (event.type === "keyup") confirming = false;
  }
  for (const type of ["keydown", "keypress", "keyup"]) addEventListener(type, guard, true);

  // The button that copied says so for a while, also when the reply is drawn anew meanwhile.
  let copied = null;
  async function copy(button) {
    const text = button.dataset.text;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea"); // not a secure address: the old way
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    copied = text;
    sayCopied();
    setTimeout(() => {
      if (copied === text) copied = null;
      sayCopied();
    }, 3000);
  }

  function sayCopied() {
    for (const button of document.querySelectorAll('[data-act="copy"]')) {
      const label = button.querySelector("span");
      button.dataset.label ??= label.textContent;
      const said = button.dataset.text === copied ? button.dataset.done : button.dataset.label;
      if (label.textContent !== said) label.textContent = said;
    }
  }

  function save(file) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const here = {
    copy,
    theme: switchTheme,
    why: (button) => {
      const form = button.closest(".exchange").querySelector("form.why");
      form.hidden = !form.hidden;
      if (!form.hidden) form.querySelector("input:checked").focus();
    },
    cancel: (button) => (button.closest("form").hidden = true),
  };

  // Passes an act of the reader on to Python, as an event of the component it happened in.
  function bind(element, trigger) {
    address.searchParams.delete("__theme");
    history.replaceState(null, "", address);
    element.addEventListener("click", (event) => {
      const heading = event.target.closest("[data-goto]");
      if (heading) {
        const title = heading.closest(".article").querySelector(`[data-at="${CSS.escape(heading.dataset.goto)}"]`);
        title.scrollIntoView({ block: "start" });
        return;
      }
      const pressed = event.target.closest("[data-act]");
      if (!pressed || (event.target.closest("a[href]") && !pressed.matches("a"))) return;
      if (getSelection().toString() && !pressed.matches("button")) return; // selecting a quote is no click
      const { act, confirm: question, ...data } = pressed.dataset;
      if (here[act]) return here[act](pressed);
      if (["ask", "rate", "new"].includes(act) && busy()) return; // the answer that comes would undo it
      if (question && !confirm(question)) return;
      trigger(`chat_${act}`, data);
    });
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      const form = event.target;
      const reason = form.querySelector("input:checked").value;
      const comment = form.querySelector("textarea").value;
      if (busy()) return;
      form.hidden = true;
      trigger("chat_rate", { exchange: form.dataset.exchange, rating: "down", reason, comment });
    });
    new MutationObserver(() => settle(element)).observe(element, { childList: true, subtree: true });
    settle(element);
  }

  // The conversation is one for all tabs of the browser: a tab that shows an older one follows before it goes on.
  // Two that answer at the same moment cannot be told apart: the later one stays.
  const SEEN = "rag.seen";
  const TYPED = "rag.typed";
  let mine = null;
  let following = 0;

  function note(log) {
    if (!log.querySelector(".exchange, .welcome")) return; // not loaded yet
    const state = (one) => one.dataset.exchange + (one.querySelector(".reply.pending") ? "…" : "");
    const shown = [...log.querySelectorAll(".exchange")].map(state).join(" ");
    if (shown === mine) return;
    if (shown || mine) localStorage.setItem(SEEN, shown);
    mine = shown;
  }

  function follow() {
    clearTimeout(following);
    following = setTimeout(async () => {
      const seen = localStorage.getItem(SEEN) ?? "";
      const elsewhere = mine === null || seen === mine || seen.includes("…");
      if (elsewhere || busy() || !document.hasFocus() || !byId("question")?.checkVisibility()) return;
      const served = await fetch(location.href).then((answer) => answer.ok, () => false);
      if (!served || busy()) return;
      sessionStorage.setItem(TYPED, document.querySelector("#question textarea").value);
      location.reload();
    }, 500);
  }
  addEventListener("focus", follow);
  addEventListener("focusin", (event) => event.target.closest?.("#question") && follow());
  addEventListener("storage", (event) => event.key === SEEN && follow());

  function typeAgain() {
    const area = document.querySelector("#question textarea");
    const typed = area && sessionStorage.getItem(TYPED);
    if (!typed) return;
    sessionStorage.removeItem(TYPED);
    area.value = typed;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Whether the reader has scrolled or pressed something since the last question came.
  let moved = false;
  for (const act of ["wheel", "touchmove", "pointerdown"]) {
    addEventListener(act, () => (moved = true), { passive: true, capture: true });
  }

  // Where to look after something new has come.
  function settle(element) {
    if (element.closest("#log")) {
      note(element);
      typeAgain();
      if (copied !== null) sayCopied();
    }
    const last = [...element.querySelectorAll(".exchange")].at(-1);
    if (last && last.dataset.exchange !== element.dataset.last) {
      element.dataset.last = last.dataset.exchange;
      moved = false;
    }
    if (last && !moved) last.scrollIntoView({ block: "start" }); // again as the answer grows, until the reader moves
    const article = element.querySelector(".opened .article, .reading .article");
    const marker = article?.querySelector("mark.current");
    const shown = article ? article.parentElement.innerHTML.length + (marker?.dataset.n ?? "") : "";
    if (element.dataset.shown === String(shown)) return;
    element.dataset.shown = shown;
    if (!article) return;
    article.focus({ preventScroll: true });
    if (PHONE.matches) article.scrollIntoView({ block: "start" });
    if (marker) marker.scrollIntoView({ block: "center" });
    else element.closest("#panel, #reading")?.scrollTo(0, 0);
  }

  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) byId("panel")?.querySelector(".back")?.click();
  });

  window.ragChat = { bind, save };
})();
