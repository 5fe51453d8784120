/** The visitor's language: which one, its sentences, and its times. */

export const LANGUAGES = ["en", "de", "es", "fr", "nb", "pl", "pt", "ro"];
const ALIASES = { no: "nb", nn: "nb", mo: "ro" };
const RIGHT_TO_LEFT = new Set(["ar", "dv", "fa", "he", "ps", "ur", "yi"]);
const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
const YEAR_DAYS = 300; // from here on a date needs its year
const AGAIN_MS = 3_000;
const FOLDER = new URL("texts/", import.meta.url);

/** The first of the `wanted` tags that we speak: {tag, language}; `tag` keeps its region for times and numbers. */
export function chooseLanguage(wanted) {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split(/[-_]/)[0];
    const language = ALIASES[base] ?? base;
    if (LANGUAGES.includes(language)) return { tag: canonical(tag, language), language };
  }
  return { tag: "en", language: "en" };
}

function canonical(tag, language) {
  try {
    return Intl.getCanonicalLocales(tag.replace("_", "-"))[0] ?? language;
  } catch (error) {
    if (error instanceof RangeError) return language;
    throw error;
  }
}

/** Sentences and times in one language. */
export class Words {
  constructor(tag, language, texts) {
    this.tag = tag;
    this.language = language;
    this.direction = RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr";
    this.texts = texts;
    this.times = new Intl.DateTimeFormat(tag, { timeStyle: "short" });
    this.days = new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" });
    this.dates = new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
    this.weekdays = new Intl.DateTimeFormat(tag, { weekday: "long" });
    this.relative = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
    this.full = new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "short" });
    this.minutes = new Intl.NumberFormat(tag, { style: "unit", unit: "minute", unitDisplay: "long" });
    this.numbers = new Intl.NumberFormat(tag);
    this.lists = new Intl.ListFormat(tag, { type: "conjunction" });
  }

  /** The sentence `key` with its {fields} filled in; a field is isolated, so that its direction stays its own. */
  say(key, fields = {}) {
    return this.texts[key].replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? `\u2068${fields[name]}\u2069` : whole));
  }

  /** Whether there is a sentence of this name. */
  has(key) {
    return Object.hasOwn(this.texts, key);
  }

  /** Names as one says them: "A, B and C"; each is isolated as in `say`. */
  list(names) {
    return this.lists.format(names.map((name) => `\u2068${name}\u2069`));
  }

  time(at) {
    return this.times.format(at);
  }

  moment(at) {
    return this.full.format(at);
  }

  /** A day as one reads it: today, yesterday, or its date. */
  day(at, now) {
    const day = (time) => new Date(time).toDateString();
    if (day(at) === day(now)) return this.say("today");
    if (day(at) === day(now - DAY_MS)) return this.say("yesterday");
    return this.days.format(at);
  }

  /** A moment that is to come, as {day, time}: today, tomorrow, a weekday of the next days, or a date. */
  ahead(at, now) {
    const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
    const days = Math.max(0, Math.round((midnight(at) - midnight(now)) / DAY_MS));
    const date = days < WEEK_DAYS ? this.weekdays : days < YEAR_DAYS ? this.days : this.dates;
    return { day: days < 2 ? this.relative.format(days, "day") : date.format(at), time: this.time(at) };
  }

  /** Seconds as whole minutes, at least one. */
  wait(seconds) {
    return this.minutes.format(Math.max(1, Math.round(seconds / 60)));
  }
}

/** The sentences of the first of the `wanted` languages that we speak; asks again until there is a network. */
export async function wordsAtLast(wanted) {
  for (;;) {
    try {
      return await loadWords(wanted);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

/** The same, once. Throws TypeError without a network. */
export async function loadWords(wanted) {
  const { tag, language } = chooseLanguage(wanted);
  const answer = await fetch(new URL(`${language}.json`, FOLDER));
  if (!answer.ok) throw new TypeError(`no texts for ${language}: ${answer.status}`);
  return new Words(tag, language, await answer.json());
}
