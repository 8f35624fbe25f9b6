"use strict";
/* Theme and language of a page, and its records: only those near what is seen are in the document, the others are
   strings. What records say is put there by Python, escaped; this script never makes markup of a text. */
(() => {
  const root = document.documentElement;
  const by = (id) => document.getElementById(id);
  const read = (element) => JSON.parse(element.textContent);
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  let theme = ""; // what was chosen here; "" follows the system
  const setTheme = (isPrinted = false) => {
    const isDark = theme ? theme === "dark" : prefersDark.matches;
    root.classList.toggle("dark", isDark && !isPrinted);
  };
  const isChinese = () => root.dataset.language === "zh";
  setTheme();
  prefersDark.addEventListener?.("change", () => setTheme());
  root.dataset.language = /^zh/i.test(navigator.language) ? "zh" : "en";
  root.lang = root.dataset.language;

  class Records {
    constructor(settings) {
      this.settings = settings;
      this.types = read(by("types"));
      this.hidden = { types: new Set(), results: new Set() };
      this.least = 0;
      this.side = "both";
      this.query = "";
      this.place = null; // [record, entity], the entity -1 for the record itself
      this.main = by("records");
      this.observer = new IntersectionObserver((entries) => this.onSeen(entries), { rootMargin: "1200px 0px" });
      this.records = [];
      const articles = document.createDocumentFragment();
      for (const element of document.querySelectorAll(".record-data")) {
        const { html, entities, characters } = read(element);
        element.remove();
        const article = make("article", { className: "record", tabIndex: -1 });
        const record = { article, html, entities, isFilled: false, isShown: true, isNear: false, text: null };
        record.entities = entities.map(([type, score, error, side, counted]) => ({ type, score, error, side, counted }));
        article.style.minHeight = `${70 + Math.ceil(characters / 48) * 36}px`; // until it is known
        article.record = record;
        this.records.push(record);
        articles.append(article);
      }
      this.main.append(articles);
      this.makeFilters();
      this.makeTip();
      this.listen();
      this.apply();
      for (const record of this.records) this.observer.observe(record.article);
    }

    say(word) {
      const said = this.settings.words[word];
      return said ? said[isChinese() ? 1 : 0] : word;
    }

    // what is shown

    isVisible(entity) {
      if (this.hidden.types.has(entity.type)) return false;
      if (entity.score !== null && entity.score < this.least) return false;
      if (this.hidden.results.has(entity.error)) return false;
      return this.side === "both" || entity.side !== (this.side === "predicted" ? 2 : 1);
    }

    textOf(record) {
      if (record.text === null) {
        const names = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#x27;": "'", "&#13;": "\r" };
        record.text = record.html.replace(/<[^>]*>/g, "").replace(/&[^;]*;/g, (name) => names[name]).toLowerCase();
      }
      return record.text;
    }

    apply() {
      const only = by("only").checked;
      let records = 0, entities = 0, errors = 0;
      for (const record of this.records) {
        let ofRecord = 0, wrong = 0;
        for (const entity of record.entities) {
          if (this.isVisible(entity)) {
            ofRecord += 1;
            wrong += entity.counted;
          }
        }
        record.isShown = (!only || ofRecord > 0) && (!this.query || this.textOf(record).includes(this.query));
        if (record.article.hidden === record.isShown) record.article.hidden = !record.isShown;
        if (record.isShown) {
          records += 1;
          entities += ofRecord;
          errors += wrong;
        }
        if (record.isFilled) this.markVisible(record);
      }
      by("nothing").hidden = records > 0;
      const number = (value) => value.toLocaleString("en");
      const gap = isChinese() ? " " : " ";
      const parts = [`${number(records)}${gap}${this.say("records")}`, `${number(entities)}${gap}${this.say("of entities")}`];
      if (this.settings.compared) parts.push(`${number(errors)}${gap}${this.say("errors")}`);
      by("counts").textContent = parts.join(isChinese() ? "，" : ", ");
      this.highlight();
    }

    markVisible(record) {
      for (const mark of record.article.querySelectorAll(".e")) {
        const isOff = !this.isVisible(record.entities[mark.dataset.n]);
        mark.classList.toggle("off", isOff);
        if (mark.tabIndex >= 0 || mark.dataset.tab) {
          mark.dataset.tab = "1";
          mark.tabIndex = isOff ? -1 : 0;
        }
      }
    }

    fill(record) {
      if (record.isFilled) return;
      record.article.innerHTML = record.html;
      record.article.style.minHeight = "";
      record.isFilled = true;
      for (const mark of record.article.querySelectorAll(".e.first")) {
        mark.dataset.told = mark.title; // told by `showTip`, and not by the browser as well
        mark.removeAttribute("title");
      }
      this.markVisible(record);
    }

    empty(record) {
      if (!record.isFilled || record.article.contains(document.activeElement)) return;
      record.article.style.minHeight = `${record.article.offsetHeight}px`;
      record.article.replaceChildren();
      record.isFilled = false;
    }

    onSeen(entries) {
      for (const { target, isIntersecting } of entries) {
        target.record.isNear = isIntersecting;
        if (isIntersecting) this.fill(target.record);
        else if (!target.hidden) this.empty(target.record);
      }
      this.highlight();
    }

    highlight() {
      if (!window.Highlight) return;
      const ranges = [];
      for (const record of this.query ? this.records : []) {
        if (!record.isFilled || !record.isShown) continue;
        const nodes = document.createTreeWalker(record.article, NodeFilter.SHOW_TEXT);
        const texts = [];
        let length = 0;
        for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
          texts.push([length, node]);
          length += node.data.length;
        }
        const whole = texts.map(([, node]) => node.data).join("").toLowerCase();
        if (whole.length !== length) continue; // a letter that is longer in lower case
        let first = 0;
        const locate = (offset) => {
          while (first + 1 < texts.length && texts[first + 1][0] <= offset) first += 1;
          return [texts[first][1], offset - texts[first][0]];
        };
        for (let at = whole.indexOf(this.query); at >= 0 && ranges.length < 5000; at = whole.indexOf(this.query, at + this.query.length)) {
          const range = new Range();
          range.setStart(...locate(at));
          const [node, offset] = locate(at + this.query.length - 1);
          range.setEnd(node, offset + 1);
          ranges.push(range);
        }
      }
      CSS.highlights.set("dicmt-found", new Highlight(...ranges));
    }

    // filters

    makeFilters() {
      const counts = this.types.map(() => 0);
      const ofError = new Map();
      let hasScores = false;
      for (const record of this.records) {
        for (const { type, score, error, side, counted } of record.entities) {
          counts[type] += 1;
          hasScores ||= score !== null;
          if (error < 0 || counted) ofError.set(error, (ofError.get(error) ?? 0) + 1);
        }
      }
      this.chips = [];
      const chip = (row, hidden, key, label, name, count, classes) => {
        const words = make("span", {}, ...name);
        const number = make("span", { className: "n", textContent: count.toLocaleString("en") });
        const button = make("button", { className: `chip ${classes}`, type: "button" }, make("b", { textContent: label }), words, number);
        button.setAttribute("aria-pressed", "true");
        button.addEventListener("click", () => {
          hidden.has(key) ? hidden.delete(key) : hidden.add(key);
          button.setAttribute("aria-pressed", String(!hidden.has(key)));
          this.apply();
        });
        this.chips.push({ button, hidden, key });
        by(row).append(button);
      };
      this.types.forEach(([name, label, classes], type) => chip("types-row", this.hidden.types, type, label, [name], counts[type], classes));
      if (this.types.length > 2) this.addAllAndNone("types-row", this.hidden.types);
      if (this.settings.compared) {
        const both = (word) => this.settings.words[word].map((said, n) => make("span", { className: n ? "zh" : "en", textContent: said }));
        chip("results-row", this.hidden.results, -1, "✓", both("correct"), ofError.get(-1) ?? 0, "");
        this.settings.errors.forEach((name, error) => {
          chip("results-row", this.hidden.results, error, this.settings.signs[name], both(name), ofError.get(error) ?? 0, "of-error");
        });
        for (const side of ["both", "predicted", "annotated"]) {
          const button = make("button", { type: "button" }, ...both(side));
          button.setAttribute("aria-pressed", String(side === "both"));
          button.addEventListener("click", () => {
            this.side = side;
            for (const other of by("sides-row").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
            this.apply();
          });
          by("sides-row").append(button);
        }
      }
      by("score-row").hidden = !hasScores;
    }

    addAllAndNone(row, hidden) {
      for (const [word, isHidden] of [["all", false], ["none", true]]) {
        const said = this.settings.words[word].map((text, n) => make("span", { className: n ? "zh" : "en", textContent: text }));
        const button = make("button", { className: "link controls", type: "button" }, ...said);
        button.addEventListener("click", () => {
          for (const chip of this.chips.filter((item) => item.hidden === hidden)) {
            isHidden ? hidden.add(chip.key) : hidden.delete(chip.key);
            chip.button.setAttribute("aria-pressed", String(!isHidden));
          }
          this.apply();
        });
        by(row).append(button);
      }
    }

    // going from one to the next

    step(what, way) {
      const last = this.records.length - 1;
      let [number, entity] = this.place ?? this.before(what, way);
      if (what === "record") {
        for (number += way; number >= 0 && number <= last; number += way) {
          if (this.records[number].isShown) return this.go(number, -1);
        }
        return;
      }
      const isWanted = (item) => this.isVisible(item) && (what === "entity" || item.counted);
      for (; number >= 0 && number <= last; number += way) {
        const { entities, isShown } = this.records[number];
        if (isShown) {
          entity = entity === null ? (way > 0 ? -1 : entities.length) : entity;
          for (entity += way; entity >= 0 && entity < entities.length; entity += way) {
            if (isWanted(entities[entity])) return this.go(number, entity);
          }
        }
        entity = null;
      }
    }

    /* The place before, on the way, the first that is seen. */
    before(what, way) {
      const top = document.querySelector(".bar").getBoundingClientRect().bottom;
      const isSeen = ({ article, isShown }) => isShown && article.getBoundingClientRect().bottom > top;
      const found = this.records.findIndex(isSeen);
      const first = found < 0 ? this.records.length : found;
      return [(what === "record") === way > 0 ? first - 1 : first, null];
    }

    go(number, entity) {
      const record = this.records[number];
      this.place = [number, entity];
      this.fill(record);
      document.querySelectorAll(".here").forEach((element) => element.classList.remove("here"));
      const target = entity < 0 ? record.article : record.article.querySelector(`.e.first[data-n="${entity}"]`);
      if (entity < 0) target.classList.add("here");
      else record.article.querySelectorAll(`.e[data-n="${entity}"]`).forEach((piece) => piece.classList.add("here"));
      const reveal = () => target.scrollIntoView({ block: entity < 0 ? "start" : "center" });
      reveal();
      target.focus({ preventScroll: true });
      requestAnimationFrame(reveal); // what came near has its height now
    }

    // what is told of an entity

    makeTip() {
      this.tip = make("div", { className: "tip", id: "tip", hidden: true });
      this.tip.setAttribute("role", "tooltip");
      document.body.append(this.tip);
    }

    showTip(mark) {
      const article = mark.closest(".record");
      const sections = [];
      for (let piece = mark; piece && article.contains(piece); piece = piece.parentElement.closest(".e")) {
        if (piece.classList.contains("off")) continue;
        const whole = article.querySelector(`.e.first[data-n="${piece.dataset.n}"]`);
        const [name, ...lines] = (whole.dataset.told ?? "").split("\n");
        const list = make("dl");
        for (const line of lines) {
          const [word, ...values] = line.split(": ");
          const value = values.join(": ");
          list.append(make("dt", { textContent: this.say(word) }), make("dd", { textContent: word === "error" ? this.say(value) : value }));
        }
        const colour = [...piece.classList].find((item) => /^c\d$/.test(item));
        sections.push(make("section", { className: colour }, make("div", { className: "of", textContent: name }), list));
      }
      if (!sections.length) return this.hideTip();
      this.tip.replaceChildren(...sections);
      this.tip.hidden = false;
      mark.setAttribute("aria-describedby", "tip");
      const place = mark.getClientRects()[0] ?? mark.getBoundingClientRect();
      if (place.bottom < 0 || place.top > innerHeight) return this.hideTip();
      const { width, height } = this.tip.getBoundingClientRect();
      const below = place.bottom + 10 + height < innerHeight;
      this.tip.style.left = `${Math.max(12, Math.min(place.left, root.clientWidth - width - 12))}px`;
      this.tip.style.top = `${below ? place.bottom + 10 : Math.max(8, place.top - height - 10)}px`;
    }

    hideTip() {
      this.tip.hidden = true;
      document.querySelector("[aria-describedby=tip]")?.removeAttribute("aria-describedby");
    }

    // what happens

    listen() {
      const at = (event) => event.target.closest?.(".e");
      this.main.addEventListener("mouseover", (event) => (at(event) ? this.showTip(at(event)) : this.hideTip()));
      this.main.addEventListener("mouseleave", () => this.hideTip());
      this.main.addEventListener("focusin", (event) => {
        const mark = at(event);
        const article = event.target.closest(".record");
        if (!mark || !article) return this.hideTip();
        this.place = [this.records.indexOf(article.record), Number(mark.dataset.n)];
        this.showTip(mark);
      });
      this.main.addEventListener("focusout", () => this.hideTip());
      const follow = () => {
        const focused = document.activeElement.closest?.(".e");
        focused && !this.tip.hidden ? this.showTip(focused) : this.hideTip();
      };
      addEventListener("scroll", follow, { passive: true });

      let waiting = 0;
      by("search").addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          this.query = by("search").value.toLowerCase();
          this.apply();
        }, 120);
      });
      by("score").addEventListener("input", () => {
        this.least = Number(by("score").value);
        by("score-shown").textContent = this.least.toFixed(2);
        this.apply();
      });
      by("only").addEventListener("change", () => this.apply());
      by("open-filters").addEventListener("click", () => this.showFilters(by("filters").hidden));
      by("open-keys").addEventListener("click", () => by("keys").showModal());
      by("close-keys").addEventListener("click", () => by("keys").close());
      for (const button of document.querySelectorAll("[data-step]")) {
        const { step, way } = button.dataset;
        button.addEventListener("click", () => this.step(step, Number(way)));
      }
      this.showFilters(innerWidth > 640);
      const bar = document.querySelector(".bar");
      new ResizeObserver(() => root.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);

      const steps = { n: ["entity", 1], p: ["entity", -1], j: ["record", 1], k: ["record", -1], e: ["error", 1], E: ["error", -1] };
      addEventListener("keydown", (event) => {
        const isTyping = event.target.matches?.("input[type=search]");
        if (event.ctrlKey || event.metaKey || event.altKey || by("keys").open) return;
        if (event.key === "Escape") {
          if (isTyping) event.target.blur();
          this.hideTip();
        } else if (isTyping) {
          return;
        } else if (event.key === "/") {
          by("search").focus();
        } else if (event.key === "?") {
          by("keys").showModal();
        } else if (steps[event.key]) {
          this.step(...steps[event.key]);
        } else {
          return;
        }
        event.preventDefault();
      });

      addEventListener("beforeprint", () => {
        for (const record of this.records) if (record.isShown) this.fill(record);
      });
      addEventListener("afterprint", () => {
        for (const record of this.records) if (!record.isNear) this.empty(record);
      });
    }

    showFilters(isShown) {
      by("filters").hidden = !isShown;
      by("open-filters").setAttribute("aria-expanded", String(isShown));
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const settings = by("settings") ? read(by("settings")) : null;
    const records = by("records") ? new Records(settings) : null;
    const translate = () => {
      for (const element of document.querySelectorAll("[data-placeholder], [data-label]:not(.e)")) {
        const word = settings?.words[element.dataset.placeholder ?? element.dataset.label]?.[isChinese() ? 1 : 0];
        if (word && element.dataset.placeholder) element.placeholder = word;
        if (word) element.setAttribute("aria-label", word);
      }
      for (const button of document.querySelectorAll("[data-step]")) {
        const words = [button.dataset.way > 0 ? "next" : "previous", button.dataset.step];
        button.setAttribute("aria-label", words.map((word) => settings.words[word][isChinese() ? 1 : 0]).join(isChinese() ? "" : " "));
      }
      document.title = document.querySelector(`h1 .${isChinese() ? "zh" : "en"}`)?.textContent ?? document.title;
    };
    translate();
    for (const button of document.querySelectorAll("[data-switch]")) {
      button.addEventListener("click", () => {
        if (button.dataset.switch === "theme") {
          theme = root.classList.contains("dark") ? "light" : "dark";
          setTheme();
        } else {
          root.dataset.language = root.lang = isChinese() ? "en" : "zh";
          translate();
          records?.apply();
        }
      });
    }
    addEventListener("beforeprint", () => setTheme(true));
    addEventListener("afterprint", () => setTheme());
  });
})();
