/** The form before a chat: who, to whom, about what, and the first message; also the form for leaving a message. */

import { button, element, setText, show } from "./dom.js";
import { presence } from "./hours.js";
import { lengthOf, tidied } from "./lines.js";

const LIMITS = { start: 4_000, message: 10_000 };
const FIELDS = ["name", "email", "text", "topic", "department"];

/** `actions`: start(values), leaveMessage(values), toMessage(), back(), draft(values). */
export class Form {
  constructor(words, actions, draft) {
    this.words = words;
    this.actions = actions;
    this.mode = "";
    this.offered = "";
    this.topics = "";
    this.picked = "";
    this.lead = 0;
    this.offers = [];
    this.#build();
    this.values = draft;
  }

  #build() {
    const say = (key) => this.words.say(key);
    this.heading = element("h2", { class: "greeting", tabindex: "-1" });
    this.status = element("p", { class: "presence", role: "status" });
    this.notice = element("p", { class: "callout warning", role: "status" });
    this.help = element("p", { class: "callout", role: "status" });
    this.departments = element("fieldset", { class: "choices", on: { input: ({ target }) => this.#pick(target.value) } });
    this.topic = element("select", { id: "topic", name: "topic", on: { input: () => this.#topicChosen() } });
    this.topicField = field(say("topic"), this.topic);
    this.name = element("input", { id: "name", name: "name", maxlength: 80, autocomplete: "name", dir: "auto" });
    this.email = element("input", { id: "email", name: "email", type: "email", maxlength: 254, autocomplete: "email", inputmode: "email" });
    this.nameField = field(say("name"), this.name, say("optional"));
    this.emailField = field(say("email"), this.email, say("optional"));
    this.text = element("textarea", { id: "text", name: "text", rows: 3, dir: "auto", "aria-describedby": "form-error" });
    this.textField = field(say("your_message"), this.text, say("optional"));
    this.error = element("p", { class: "error", id: "form-error", role: "alert" });
    this.submit = element("button", { type: "submit", class: "main" });
    this.other = button(say("leave_message_instead"), { class: "plain", click: () => this.actions.toMessage() });
    this.backward = button(say("back"), { class: "plain", click: () => this.actions.back() });
    this.root = element(
      "form",
      { class: "form", novalidate: true, on: { submit: (event) => this.#submitted(event), input: () => this.#changed() } },
      element(
        "div",
        { class: "fields" },
        this.heading,
        this.status,
        this.notice,
        this.departments,
        this.topicField,
        element("div", { class: "pair" }, this.nameField, this.emailField),
        this.textField,
        this.help,
      ),
      element("div", { class: "ending" }, this.error, this.submit, this.other, this.backward),
    );
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.root.requestSubmit();
    });
  }

  /** What is to be sent: {name, email, text, topic, department}; the department that is marked, whoever marked it. */
  get values() {
    const department = this.departments.querySelector("input:checked")?.value ?? this.picked;
    return { ...this.draft, topic: this.topic.value, department };
  }

  /** What the visitor has entered; `department` only if it was their own choice. */
  get draft() {
    const topic = this.topic.value || this.wantedTopic || "";
    return { name: this.name.value, email: this.email.value, text: this.text.value, topic, department: this.picked };
  }

  /** Put entered values in; what is not given stays. */
  set values(given) {
    for (const key of FIELDS) {
      if (typeof given[key] !== "string") continue;
      if (key === "department") this.picked = given[key];
      else if (key === "topic") this.wantedTopic = given[key];
      else this[key].value = given[key];
    }
  }

  /** Put the cursor where one begins. */
  focus() {
    const choice = this.departments.hidden ? null : this.departments.querySelector("input:checked");
    const first = this.mayBeEmpty && !this.email.value ? this.email : this.mode === "message" ? this.name : this.text;
    (choice ?? first).focus();
  }

  /**
   * Draw in `mode` "start" or "message"; where the hours are over it is a message in any case. `fixed` is the page's
   * department or null, `lead` the id of the one that the page leads to (0 = none). `from` is the waiting chat that
   * becomes the message, as {face, agent}: its department, and who answers it by now ("" = nobody), or null. `sending`:
   * the message is on its way; `notice` is a sentence about what went wrong; `clock` is the server's time.
   */
  draw({ mode, departments, fixed, lead, from, sending, notice, clock }) {
    const { words } = this;
    this.clock = clock;
    this.offers = fixed ? [fixed] : departments;
    this.#drawTopics([...new Set(this.offers.flatMap(({ topics }) => topics))]);
    this.#drawDepartments(fixed || from ? [] : departments, lead);
    const department = from?.face ?? this.#department(departments, fixed);
    const message = mode === "message" || Boolean(department?.closed);
    if (message !== (this.mode === "message")) setText(this.error, "");
    this.mode = message ? "message" : "start";
    this.mayBeEmpty = Boolean(from);
    this.answered = Boolean(from?.agent);
    const heading = words.say(from ? "send_as_message" : "leave_message");
    setText(this.heading, message ? heading : department?.welcome || words.say("greeting"));
    this.#drawPresence(department);
    setText(this.notice, notice);
    show(this.notice, Boolean(notice));
    setText(this.help, this.#help(department, from));
    show(this.help, this.help.textContent !== "");
    this.#drawFields(message, from);
    this.#drawButtons(Boolean(department?.closed) && !from, sending);
  }

  #drawPresence(department) {
    show(this.status, Boolean(department));
    this.status.classList.toggle("unseen", !this.departments.hidden);
    if (!department) return;
    setText(this.status, presence(this.words, department, this.clock));
    this.status.classList.toggle("away", !department.open);
  }

  /** What happens next. */
  #help(department, from) {
    const { words } = this;
    if (this.answered) return words.say("answered_help", { name: from.agent });
    if (from) return `${words.say("lines_come_along")} ${words.say("leave_message_help")}`;
    if (department?.closed) return words.say("closed_help");
    if (this.mode === "message") return words.say("leave_message_help");
    return department?.open ? "" : words.say("nobody_there_help");
  }

  /** A chat that becomes a message has its topic already. */
  #drawFields(message, from) {
    show(this.topicField, this.topic.options.length > 1 && !from);
    show(hint(this.emailField), !message);
    show(hint(this.textField), this.mayBeEmpty);
    this.email.required = message;
  }

  /** `forced`: a message is all that can be sent just now. */
  #drawButtons(forced, sending) {
    const { words, answered } = this;
    const message = this.mode === "message";
    const label = message ? (sending ? "sending_message" : "send_message") : "start_chat";
    setText(this.submit, words.say(answered ? "back_to_chat" : label));
    this.submit.disabled = sending;
    show(this.other, !message);
    setText(this.backward.lastChild, words.say(this.mayBeEmpty ? "back_to_chat" : "back"));
    show(this.backward, message && !forced && !answered && !sending);
  }

  #department(departments, fixed) {
    const { department } = this.values;
    return fixed ?? departments.find(({ id }) => String(id) === department) ?? (departments.length === 1 ? departments[0] : null);
  }

  #drawDepartments(departments, lead) {
    const states = departments.map((one) => [one.id, one.name, one.open, presence(this.words, one, this.clock)]);
    const offered = JSON.stringify([lead, states]);
    if (offered === this.offered) return;
    const chosen = String(this.#toMark(departments, lead)?.id ?? "");
    this.lead = lead;
    const focused = this.departments.contains(document.activeElement);
    this.offered = offered;
    show(this.departments, departments.length > 1);
    this.departments.replaceChildren(
      element("legend", {}, this.words.say("choose_department")),
      ...departments.map((one) => this.#departmentChoice(one, String(one.id) === chosen)),
    );
    if (focused) (this.departments.querySelector("input:checked") ?? this.departments.querySelector("input"))?.focus();
  }

  /** The visitor's choice, else the one marked already, that of the topic, of the page, the first with somebody, or open. */
  #toMark(departments, lead) {
    const marked = lead === this.lead ? this.values.department : "";
    return (
      departments.find(({ id }) => String(id) === this.picked) ??
      departments.find(({ id }) => String(id) === marked) ??
      this.#topical()[0] ??
      departments.find(({ id }) => id === lead) ??
      departments.find(({ open }) => open) ??
      departments.find(({ closed }) => !closed) ??
      departments[0]
    );
  }

  #departmentChoice(face, checked) {
    const { id, name, open } = face;
    const radio = element("input", { type: "radio", name: "department", value: id });
    radio.checked = checked;
    return element(
      "label",
      { class: `choice ${open ? "open" : "away"}` },
      radio,
      element("bdi", { class: "choice-name" }, name),
      element("span", { class: "choice-status" }, presence(this.words, face, this.clock)),
    );
  }

  /** The departments that have the topic which is chosen, in the order in which the server would take them. */
  #topical() {
    const topic = this.topic.value;
    return topic ? this.offers.filter(({ topics }) => topics.includes(topic)) : [];
  }

  /** The visitor's own choice: a topic that the department does not have is forgotten. */
  #pick(department) {
    this.picked = department;
    const topical = this.#topical();
    if (topical.length && !topical.some(({ id }) => String(id) === department)) this.topic.value = this.wantedTopic = "";
  }

  /** A topic chooses its department, unless the one that is chosen has it too. */
  #topicChosen() {
    this.wantedTopic = this.topic.value;
    const fitting = this.#topical().map(({ id }) => String(id));
    if (!fitting.length || fitting.includes(this.values.department)) return;
    const radio = [...this.departments.querySelectorAll("input")].find(({ value }) => value === fitting[0]);
    if (!radio) return;
    radio.checked = true;
    this.picked = fitting[0];
  }

  #drawTopics(topics) {
    const offered = JSON.stringify(topics);
    if (offered === this.topics) return;
    const chosen = this.topic.value || this.wantedTopic || "";
    this.topics = offered;
    this.topic.replaceChildren(
      element("option", { value: "" }, this.words.say("topic_none")),
      ...topics.map((topic) => element("option", { value: topic }, topic)),
    );
    this.topic.value = topics.includes(chosen) ? chosen : "";
  }

  #changed() {
    setText(this.error, "");
    this.text.removeAttribute("aria-invalid");
    this.email.removeAttribute("aria-invalid");
    const excess = lengthOf(this.text.value) - LIMITS[this.mode];
    if (excess > 0) this.#wrong(this.text, "too_many_characters", { n: this.words.numbers.format(excess) }, false);
    this.actions.draft(this.draft);
  }

  #wrong(input, key, fields = {}, focus = true) {
    setText(this.error, this.words.say(key, fields));
    input.setAttribute("aria-invalid", "true");
    if (!focus) return;
    input.focus();
    input.scrollIntoView({ block: "nearest" });
  }

  #submitted(event) {
    event.preventDefault();
    if (this.answered) {
      this.actions.back();
      return;
    }
    const values = Object.fromEntries(Object.entries(this.values).map(([key, value]) => [key, tidied(value).trim()]));
    values.text = tidied(this.text.value);
    const excess = lengthOf(values.text) - LIMITS[this.mode];
    if (excess > 0) this.#wrong(this.text, "too_many_characters", { n: this.words.numbers.format(excess) });
    else if (!values.text.trim() && !this.mayBeEmpty) this.#wrong(this.text, "text_needed");
    else if (!this.email.validity.valid) this.#wrong(this.email, "email_needed");
    else if (this.mode === "message") this.actions.leaveMessage(values);
    else this.actions.start(values);
  }
}

function hint(field) {
  return field.querySelector(".hint");
}

function field(label, input, hint = "") {
  return element(
    "div",
    { class: "field" },
    element("label", { for: input.id }, label, hint && element("span", { class: "hint" }, ` (${hint})`)),
    input,
  );
}
