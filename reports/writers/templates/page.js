"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // theme: follow the system until the reader chooses
  const root = document.documentElement;
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const remembered = (() => { try { return localStorage.getItem("syncbench-theme"); } catch { return null; } })();
  if (remembered === "dark" || remembered === "light") root.dataset.theme = remembered;
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("syncbench-theme", root.dataset.theme); } catch { /* private window */ }
  });

  // one view at a time: the leaderboard, or the system named in the address
  const views = all(".view");
  function route() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const shown = views.find((view) => view.id === wanted) || views[0];
    for (const view of views) view.classList.toggle("hidden", view !== shown);
    for (const link of all(".top nav a")) {
      if (link.getAttribute("href") === `#${shown.id}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const video of all(".hidden video")) video.pause();
    if (wanted) window.scrollTo(0, 0);
  }
  window.addEventListener("hashchange", route);
  route();

  // sorting: systems only, anchors keep their place; missing values go last either way
  for (const button of all(".sort")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const table = head.closest("table");
      const column = [...head.parentNode.children].indexOf(head);
      const first = head.dataset.direction === "higher" ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      for (const cell of all("th", head.parentNode)) cell.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const body = table.querySelector("tbody.systems");
      const rows = [...body.rows].map((row) => ({ row, key: row.cells[column].dataset.value }));
      const missing = (key) => key === undefined || key === "";
      rows.sort((a, b) => {
        if (missing(a.key) || missing(b.key)) return missing(a.key) - missing(b.key);
        if (head.dataset.kind === "text") return sign * a.key.localeCompare(b.key);
        return sign * (Number(a.key) - Number(b.key));
      });
      body.append(...rows.map((entry) => entry.row));
    });
  }

  // filters: whole tables by dataset and task, columns by protocol, rows by name
  const filters = Object.fromEntries(all(".filters [name]").map((field) => [field.name, field]));
  function filter() {
    const wanted = (name) => (filters[name] ? filters[name].value : "");
    const needle = wanted("system").toLowerCase();
    let shown = 0;
    for (const card of all(".card[data-dataset]")) {
      const fits = (name) => !wanted(name) || card.dataset[name] === wanted(name);
      const heads = all("thead th", card);
      let columns = 0;
      heads.forEach((head, i) => {
        if (!i) return;
        const keep = !wanted("protocol") || !head.dataset.protocol || head.dataset.protocol === wanted("protocol");
        columns += keep;
        head.classList.toggle("hidden", !keep);
        for (const row of all("tbody tr:not(.rule)", card)) row.cells[i].classList.toggle("hidden", !keep);
      });
      for (const row of all("tbody.systems tr", card)) row.hidden = !row.dataset.name.toLowerCase().includes(needle);
      const named = !wanted("protocol") || heads.some((head) => head.dataset.protocol === wanted("protocol"));
      card.hidden = !(fits("dataset") && fits("task") && named && columns);
      shown += !card.hidden;
    }
    document.getElementById("nothing").hidden = shown > 0;
  }
  for (const field of Object.values(filters)) field.addEventListener("input", filter);

  // what a number is: on hover and focus, pinned by a click, closed by Escape or a click elsewhere
  const say = document.getElementById("say");
  let pinned = null;
  function tell(button) {
    say.textContent = "";
    for (const [key, tag] of [["what", "b"], ["signature", "code"], ["note", "span"]]) {
      if (!button.dataset[key]) continue;
      const line = document.createElement(tag);
      line.textContent = button.dataset[key];
      say.append(line);
    }
    say.hidden = false;
    const at = button.getBoundingClientRect();
    const box = say.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left), window.innerWidth - box.width - 8);
    const below = at.bottom + 8 + box.height < window.innerHeight;
    say.style.left = `${left}px`;
    say.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - box.height - 8)}px`;
    button.setAttribute("aria-describedby", "say");
  }
  function hush(force) {
    if (pinned && !force) return;
    for (const button of all("[aria-describedby=say]")) button.removeAttribute("aria-describedby");
    pinned = null;
    say.classList.remove("pinned");
    say.hidden = true;
  }
  for (const button of all("[data-what]")) {
    button.addEventListener("pointerenter", () => { if (!pinned) tell(button); });
    button.addEventListener("pointerleave", () => hush());
    button.addEventListener("focus", () => { if (!pinned) tell(button); });
    button.addEventListener("blur", () => hush());
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      const again = pinned === button;
      hush(true);
      if (again) return;
      tell(button);
      pinned = button;
      say.classList.add("pinned");
    });
  }
  say.addEventListener("click", (event) => event.stopPropagation());
  document.addEventListener("click", () => hush(true));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hush(true); });

  // duets: one control drives both videos, the answer leads and the real one follows
  for (const duet of all(".duet")) {
    const videos = all("video", duet);
    if (!videos.length) continue;
    const lead = videos[videos.length - 1];
    const [play, seek, clock, ear] = [".play", ".seek", ".clock", ".ear"].map((name) => duet.querySelector(name));
    const heads = all(".head line", duet);
    const length = () => (Number.isFinite(lead.duration) ? lead.duration : Number(duet.dataset.seconds) || 0);
    let frame = 0;
    const draw = () => {
      const share = length() ? Math.min(1, lead.currentTime / length()) : 0;
      if (document.activeElement !== seek || !lead.paused) seek.value = String(share);
      clock.textContent = `${lead.currentTime.toFixed(2)} s`;
      for (const line of heads) { line.setAttribute("x1", String(share)); line.setAttribute("x2", String(share)); }
    };
    const tick = () => {
      for (const video of videos) {
        if (video !== lead && Math.abs(video.currentTime - lead.currentTime) > 0.03 && !video.seeking) {
          video.currentTime = Math.min(lead.currentTime, video.duration || lead.currentTime);
        }
      }
      draw();
      if (!lead.paused) frame = requestAnimationFrame(tick);
    };
    play.addEventListener("click", async () => {
      if (!lead.paused) { for (const video of videos) video.pause(); return; }
      for (const other of all("video")) if (!videos.includes(other)) other.pause();
      if (lead.ended) lead.currentTime = 0;
      for (const video of videos) if (video !== lead) video.currentTime = lead.currentTime;
      await Promise.all(videos.map((video) => video.play().catch(() => undefined)));
    });
    lead.addEventListener("play", () => { play.textContent = "❚❚ Pause"; cancelAnimationFrame(frame); tick(); });
    lead.addEventListener("pause", () => { play.textContent = "▶ Play"; for (const video of videos) video.pause(); draw(); });
    lead.addEventListener("ended", () => { for (const video of videos) video.pause(); draw(); });
    seek.addEventListener("input", () => {
      const at = Number(seek.value) * length();
      for (const video of videos) video.currentTime = at;
      draw();
    });
    lead.addEventListener("seeked", draw);
    if (ear) {
      ear.addEventListener("click", () => {
        const real = videos[0].muted;
        videos[0].muted = !real;
        lead.muted = real;
        ear.textContent = real ? "hear: real" : `hear: ${ear.dataset.made}`;
      });
    }
  }
})();
