/** The visitor's own copy of a chat, as a file. */

/** Fetch and save it; `token` is the visitor's. Throws TypeError when it cannot be had. */
export async function saveTranscript(chat, token) {
  const answer = await fetch(`/api/visitor/chats/${chat}/transcript`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new TypeError(`transcript: ${answer.status}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `chat-${chat}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
