// Shows the holdings as they arrive. Amounts stay text from end to end: a JavaScript number would lose digits.
"use strict";

const texts = JSON.parse(document.getElementById("texts").textContent);
const at = (id) => document.getElementById(id);
const made = (id) => at(id).content.firstElementChild.cloneNode(true);
const filled = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
// What a broker sends may turn the line around, or hide in it.
const clean = (text) => (text ?? "").replace(/(?!\u2060)[\p{Cc}\p{Cf}]/gu, "");

const UNKNOWN = "—", AT_LEAST = "≥", JOINED = "\u2060"; // no line may end between a sign and its currency
const DECIMALS = { KRW: 0, JPY: 0, VND: 0, IDR: 0 };
const groups = new Intl.NumberFormat("en-US");

function digits(text, least, rounds) {
  let [whole, fraction = ""] = text.replace("-", "").split(".");
  if (rounds) {
    whole = BigInt(whole) + (fraction >= "5" ? 1n : 0n);
    fraction = "";
  }
  fraction = fraction.replace(/0+$/, "").padEnd(least, "0");
  return groups.format(BigInt(whole)) + (fraction && `.${fraction}`);
}

function spelled(text, currency, unit) {
  if (text === null) return UNKNOWN;
  const sign = text.startsWith("-") ? `−${unit && JOINED}` : "";
  return sign + unit + digits(text, DECIMALS[currency] ?? 2, currency === "KRW");
}

// In a column won stand alone, and other money has its currency.
const amount = (text, currency = "KRW") => spelled(text, currency, currency === "KRW" ? "" : `${currency}\u00a0`);
const money = (text, currency = "KRW") => spelled(text, currency, currency === "KRW" ? "₩" : `${currency} `);

const isZero = (text) => /^-?[0.]*$/.test(text);
const signed = (text, shown) => (text.startsWith("-") || isZero(text) ? shown : `+${shown}`);
const percent = (text) => (text === null ? UNKNOWN : `${signed(text, `${text.startsWith("-") ? "−" : ""}${digits(text, 2)}`)}%`);
const direction = (text) => (text === null || isZero(text) ? "" : text.startsWith("-") ? "loss" : "gain");

function change(element, text, currency) {
  const kind = direction(text), arrow = { gain: "▲ ", loss: "▼ " }[kind] ?? "";
  element.textContent = text === null ? UNKNOWN : arrow + signed(text, amount(text, currency));
  const cell = element.closest(".change") ?? element;
  cell.classList.remove("gain", "loss");
  if (kind) cell.classList.add(kind);
}

const negated = (text) => (text === null || isZero(text) ? text : text.startsWith("-") ? text.slice(1) : `-${text}`);

// A cost of 0 is how a broker says that it does not know it, and a sum with one is only a part.
function cost(text, positions, shown = amount, currency = "KRW") {
  const isWhole = positions.every(({ lots }) => lots.every((lot) => lot.cost !== null && !isZero(lot.cost)));
  if (text === null || isWhole) return shown(text, currency);
  return isZero(text) ? UNKNOWN : AT_LEAST + shown(text, currency);
}

// The account cards, in the order of the list. An account that is asked again keeps its card.
const cards = new Map();
const keyOf = (account) => `${account.broker.code} ${account.number} ${account.alias}`;
const nameOf = (account) => clean(account.broker.name_ko || account.broker.short_name);
const SIGNS = { asking: "…", read: "✓", failed: "✗" };

function stateOf(card, state, words) {
  card.dataset.state = state;
  card.querySelector(".sign").textContent = SIGNS[state];
  card.querySelector(".state").textContent = words;
}

function remark(card, kind, words, more = "", small = "") {
  const line = made("remark");
  line.dataset.kind = kind;
  line.querySelector("b").textContent = words;
  line.querySelector("span").textContent = clean(more);
  line.querySelector("small").textContent = clean(small);
  card.querySelector(".remarks").append(line);
}

function showAsked(accounts) {
  for (const account of accounts) {
    const key = keyOf(account);
    if (!cards.has(key)) cards.set(key, at("accounts").appendChild(made("account")));
    const card = cards.get(key);
    card.querySelector(".broker").textContent = nameOf(account);
    card.querySelector(".number").textContent = clean(account.number);
    card.querySelector(".worth").textContent = "";
    card.querySelector(".remarks").replaceChildren();
    stateOf(card, "asking", texts.account_asking);
  }
}

const reason = (error) => texts.errors[error.type] ?? texts.errors.KoscomError;

function showOutcome(outcome) {
  const card = cards.get(keyOf(outcome.account)), { error, trace } = outcome;
  const took = filled(texts.calls, { calls: trace.calls, seconds: trace.seconds.toFixed(1) });
  stateOf(card, error ? "failed" : "read", `${error ? texts.account_failed : texts.account_read} · ${took}`);
  card.querySelector(".remarks").replaceChildren();
  if (!error) return;
  const code = error.code ? ` (${error.code})` : "";
  const again = error.retriable ? texts.retriable : texts.final;
  remark(card, "failure", reason(error), `→ ${again}`, `${error.message}${code}${error.advice ? ` → ${error.advice}` : ""}`);
}

function showRemarks(holdings) {
  for (const card of cards.values()) card.querySelectorAll(".remarks > :not([data-kind=failure])").forEach((line) => line.remove());
  for (const each of holdings.doubts) {
    const what = `${clean(each.label)}, ${money(each.amount, each.currency)} ${texts.may_count_twice}`;
    remark(cards.get(keyOf(each.account)), "doubt", `⚠ ${texts.doubts[each.kind] ?? texts.doubtful}`, `→ ${what}`, each.why);
  }
  for (const each of holdings.reconciliation) {
    const card = cards.get(keyOf(each.account));
    card.querySelector(".worth").textContent = money(each.net_worth);
    if (each.agrees) remark(card, "note", "", texts.agrees);
    else if (each.value_difference !== null && each.cost_difference !== null) {
      const difference = (text) => signed(text, money(text)).replace("+", `+${JOINED}`);
      const facts = { value: difference(each.value_difference), cost: difference(each.cost_difference) };
      remark(card, "note", "", filled(texts.differs, facts), each.reason);
    }
  }
}

const inCurrency = (positions, currency) => positions.filter(({ instrument }) => instrument.currency === currency);

function showTotals(holdings, { n, of, isRunning }) {
  const { totals } = holdings, won = holdings.cash.find((each) => each.currency === "KRW");
  const without = totals.value_without_cost;
  const isPart = n < of;
  at("net-worth").textContent = money(totals.net_worth);
  at("scope").textContent = isPart ? filled(isRunning ? texts.so_far : texts.only, { n, of }) : texts.net_worth_is;
  at("scope").classList.toggle("part", isPart && !isRunning);
  at("securities").textContent = money(totals.value);
  at("cost").textContent = cost(totals.cost, inCurrency(holdings.positions, "KRW"), money);
  change(at("profit-loss"), totals.profit_loss, "KRW");
  at("return").textContent = filled(texts.of_cost, { return: percent(totals.return_pct) });
  at("left-out").textContent = without && !isZero(without) ? filled(texts.left_out, { value: money(without) }) : "";
  at("cash").textContent = money(totals.cash);
  at("withdrawable").textContent = money(won?.withdrawable ?? null);
  const later = totals.unsettled;
  at("unsettled").textContent = later && !isZero(later) ? filled(texts.unsettled, { value: money(later) }) : "";
  at("liabilities").textContent = money(negated(totals.liabilities));
}

const wordOf = (kind) => texts.kinds[kind] ?? kind;
const SLICES = 7;

function showShares(holdings) {
  const sums = new Map();
  let rest = 1;
  for (const { instrument, weight } of holdings.positions) {
    if (weight === null) continue;
    const kind = wordOf(instrument.asset_class === "ETC" ? instrument.product : instrument.asset_class);
    sums.set(kind, (sums.get(kind) ?? 0) + Number(weight));
    rest -= Number(weight);
  }
  if (sums.size && rest > 0.00005) sums.set(texts.cash, rest);
  const parts = [...sums].sort((one, other) => other[1] - one[1]).slice(0, SLICES);
  at("stack").replaceChildren(...parts.map(([, share], index) => {
    const slice = document.createElement("i");
    slice.dataset.slice = index + 1;
    slice.style.setProperty("--share", share);
    return slice;
  }));
  at("shares").replaceChildren(...parts.map(([label, share], index) => {
    const line = made("share"), shown = share * 100;
    line.dataset.slice = index + 1;
    line.querySelector(".label").textContent = label;
    line.querySelector("b").textContent = shown < 0.05 ? "<0.1%" : `${shown.toFixed(1)}%`;
    return line;
  }));
}

// The table: a body for each currency, a row for each position. While it fills, rows are changed and added where they
// are; they are brought into order once, at the end.
const bodies = new Map();

function bodyOf(currency) {
  if (!bodies.has(currency)) {
    const body = at("positions").appendChild(made("currency"));
    bodies.set(currency, { body, rows: new Map() });
  }
  return bodies.get(currency);
}

// A row of an account has no number and no name of its own: two instruments' may have the same amounts.
const markOf = (label, lot) => JSON.stringify([label, lot]);

function fillRow(row, position, marks) {
  const { instrument, lots } = position, currency = instrument.currency;
  const set = (name, text) => row.querySelectorAll(`.${name}`).forEach((each) => { each.textContent = text; });
  const brokers = [...new Set(lots.map((lot) => nameOf(lot.account)))].join(", ");
  const kind = wordOf(instrument.product ?? instrument.asset_class);
  set("name", clean(instrument.name ?? instrument.code ?? UNKNOWN));
  set("kind", `${kind} · ${clean(instrument.code ?? texts.no_code)}`);
  set("narrow", ` · ${brokers}`);
  set("held", brokers);
  set("quantity", position.quantity === null ? UNKNOWN : (position.quantity.startsWith("-") ? "−" : "") + digits(position.quantity, 0));
  set("value", amount(position.value, currency));
  set("cost", cost(position.cost, [position], amount, currency));
  set("return", position.return_pct === null ? "" : percent(position.return_pct));
  row.querySelectorAll(".profit-loss").forEach((each) => change(each, position.profit_loss, currency));
  const share = position.weight === null ? null : Number(position.weight) * 100;
  set("weight", share === null ? UNKNOWN : share > 0 && share < 0.05 ? "<0.1%" : `${share.toFixed(1)}%`);
  row.querySelector(".bar").style.setProperty("--w", `${Math.min(Math.max(share ?? 0, 0), 100)}%`);
  const names = [instrument.name, ...instrument.other_names, instrument.code, instrument.product ?? instrument.asset_class];
  row.querySelector(".doubtful").hidden = !lots.some((lot) => names.some((name) => marks.has(markOf(name, lot))));
}

function showPositions(holdings, { isRunning }) {
  const marks = new Set(holdings.doubts.flatMap((doubt) => doubt.rows.map((row) => markOf(doubt.label, row))));
  const shown = new Map();
  for (const position of holdings.positions) {
    const { body, rows } = bodyOf(position.instrument.currency);
    let key = JSON.stringify(position.instrument);
    while (shown.has(key)) key += "'"; // what has no code may come apart, and look the same
    if (!rows.has(key)) rows.set(key, made("position"));
    const row = rows.get(key);
    row.classList.toggle("new", isRunning && !row.isConnected);
    shown.set(key, row);
    fillRow(row, position, marks);
    if (!isRunning || !row.isConnected) body.insertBefore(row, body.querySelector(".total"));
  }
  for (const [currency, { body, rows }] of bodies) {
    for (const [key, row] of rows) if (!shown.has(key)) { row.remove(); rows.delete(key); }
    const totals = [holdings.totals, ...holdings.foreign_totals].find((each) => each.currency === currency);
    if (!rows.size || !totals) { body.remove(); bodies.delete(currency); continue; }
    body.querySelector(".total th").textContent = filled(texts.total, { currency });
    const set = (name, text) => body.querySelectorAll(`.total .${name}`).forEach((each) => { each.textContent = text; });
    set("value", amount(totals.value, currency));
    set("cost", cost(totals.cost, inCurrency(holdings.positions, currency), amount, currency));
    set("return", percent(totals.return_pct));
    body.querySelectorAll(".total .profit-loss").forEach((each) => change(each, totals.profit_loss, currency));
  }
  const count = filled(texts.positions_are, { count: holdings.positions.length });
  at("count").textContent = `${count} · ${isRunning ? texts.filling : texts.largest_first}`;
  at("empty").hidden = holdings.positions.length > 0;
  at("empty").textContent = isRunning ? texts.nothing_yet : texts.nothing_held;
}

function show(holdings, progress) {
  showTotals(holdings, progress);
  showShares(holdings);
  showRemarks(holdings);
  showPositions(holdings, progress);
}

const NO_TOTALS = Object.fromEntries(
  ["net_worth", "value", "cost", "profit_loss", "return_pct", "cash", "unsettled", "liabilities", "value_without_cost"].map((name) => [name, null]),
);
const NOTHING = { totals: NO_TOTALS, foreign_totals: [], positions: [], cash: [], reconciliation: [], doubts: [] };

function say(words, state = "") {
  at("status").textContent = words;
  at("status").dataset.state = state;
}

function busy(isBusy, canAskFailed = false) {
  at("positions").setAttribute("aria-busy", isBusy);
  at("ask-all").setAttribute("aria-disabled", isBusy);
  at("ask-failed").setAttribute("aria-disabled", isBusy || !canAskFailed);
}

function conclusion(holdings) {
  const of = holdings.outcomes.length, failed = holdings.failures.length, doubts = holdings.doubts.length;
  const facts = { of, failed, doubts, net_worth: money(holdings.totals.net_worth) };
  const state = failed ? "partial" : doubts ? "doubtful" : "whole";
  const first = !failed ? texts.says_whole : failed === of ? texts.says_none : texts.says_partial;
  say(filled(doubts ? `${first} ${texts.says_doubts}` : first, facts), state);
}

const tab = String(Math.random()).slice(2); // what this page is called when it asks only what failed in its answer
let source = null;
const isBusy = () => source !== null;

function end(canAskFailed) {
  source?.close(); // or the browser would ask again by itself
  source = null;
  busy(false, canAskFailed);
}

function ask({ again }) {
  const query = new URLSearchParams(new FormData(at("form")));
  query.set("tab", tab);
  if (again) query.set("again", "true");
  else cards.clear();
  let asked = 0, answered = 0, waiting = null;
  busy(true);
  say(texts.says_opening);
  const stream = source = new EventSource(`/holdings/events?${query}`);
  const on = (name, handle) => stream.addEventListener(name, (event) => handle(JSON.parse(event.data)));

  on("accounts", ({ accounts }) => {
    asked = accounts.length;
    if (!again) at("accounts").replaceChildren();
    showAsked(accounts);
    if (!again) show(NOTHING, { n: 0, of: asked, isRunning: true });
    say(filled(asked ? texts.says_asking : texts.says_nothing_to_ask, { of: asked }));
  });
  on("account", (outcome) => {
    answered += 1;
    showOutcome(outcome);
    const facts = { n: answered, of: asked, name: nameOf(outcome.account), why: outcome.error && reason(outcome.error) };
    say(filled(outcome.ok ? texts.says_read : texts.says_failed, facts));
    const read = [...cards.values()].filter((card) => card.dataset.state === "read").length;
    show(outcome.so_far, { n: read, of: cards.size, isRunning: true });
  });
  on("holdings", (holdings) => {
    holdings.outcomes.forEach(showOutcome);
    const of = holdings.outcomes.length;
    show(holdings, { n: of - holdings.failures.length, of, isRunning: false });
    conclusion(holdings);
    at("when").textContent = filled(texts.as_of, { when: holdings.as_of.slice(0, 19).replace("T", " ") });
    end(holdings.failures.some(({ error }) => error.retriable));
  });
  on("problem", ({ detail }) => {
    say(filled(texts.says_problem, { why: clean(detail) }), "partial");
    end(false);
  });
  stream.onerror = () => {
    for (const card of cards.values()) if (card.dataset.state === "asking") stateOf(card, "failed", texts.account_lost);
    say(texts.says_lost, "partial");
    end(false);
  };
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isBusy()) ask({ again: false });
});
at("ask-failed").addEventListener("click", (event) => {
  if (event.currentTarget.getAttribute("aria-disabled") === "false") ask({ again: true });
});
at("form").addEventListener("change", () => {
  // So that a reload, the other language and the report keep what was chosen.
  const chosen = [...new FormData(at("form"))].filter(([, value]) => value);
  for (const link of [location, ...document.querySelectorAll("nav a, footer a")]) {
    const address = new URL(link.href), query = new URLSearchParams(chosen);
    if (address.searchParams.has("lang")) query.set("lang", address.searchParams.get("lang"));
    address.search = query;
    if (link === location) history.replaceState(null, "", address);
    else link.href = address;
  }
});
addEventListener("pagehide", () => source?.close());
ask({ again: false });
