/** What a department's hours mean for its visitor, in words; `face` is a department, `now` the server's clock. */

/** Whether somebody is there, until when, or when there will be: "Closed now. Back Monday 08:00". */
export function presence(words, face, now) {
  const { open, closed, opens_at: opensAt, closes_at: closesAt } = face;
  if (closed) return opensAt ? words.say("closed_back", words.ahead(opensAt, now)) : words.say("closed_now");
  const kind = open ? ["somebody_there", "here_until"] : ["nobody_there", "nobody_there_until"];
  return closesAt ? words.say(kind[1], { time: words.time(closesAt) }) : words.say(kind[0]);
}

/** What who waits may do when nobody may come any more, or "" while somebody will. */
export function warning(words, face, long) {
  if (face?.closed) return words.say("waiting_closed");
  if (long) return words.say("nobody_came");
  return face && !face.open ? words.say("waiting_nobody") : "";
}
