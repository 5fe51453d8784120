"""The table of actions: what a person can do, with which key, where; the one source of footer, palette, help and docs.

How the keys were chosen: a console is used through tmux, SSH and odd keyboards.

- Everything works without Ctrl and function keys: Escape leaves the composer, then single letters act.
- Everything needed while typing also has a function key F1-F9 (F10 to F12 belong to window managers) and
  mostly a Ctrl letter. Ctrl+S and Ctrl+Q stop and start the line on many links, Ctrl+C and Ctrl+Z belong to the
  shell's habits, Ctrl+B and Ctrl+A to tmux and screen, Ctrl+H, I, J, M and [ are Backspace, Tab, Enter, Enter and Escape,
  Ctrl+D, E, K, U, W, V, X, Y edit text: none of those carries an action of ours (Ctrl+J is a new line, as it always was).
- Alt chords are extras: some terminals send Escape first, some nothing.

Key names are Textual's (``ctrl+n``, ``f2``, ``question_mark``); this module needs no terminal.
"""

from __future__ import annotations

from agentconsole.ticket_keytable import TICKET_ACTIONS
from agentconsole.where import Action as Action
from agentconsole.where import Where as Where

ACTIONS: tuple[Action, ...] = (
    # anywhere
    Action("help", ("f1", "question_mark"), "Help", "Show all keys that work here.", shown=True),
    Action("queue", ("f2", "ctrl+o", "g"), "Queue", "Show who is waiting.", shown=True),
    Action(
        "next_needing",
        ("f3", "ctrl+n", "n"),
        "Next",
        "Go to the next chat that needs me: the longest unanswered first.",
        shown=True,
    ),
    Action(
        "take_next",
        ("f4", "ctrl+t", "t"),
        "Take next",
        "Answer the first chat of the queue.",
        shown=True,
    ),
    Action(
        "previous_chat",
        ("f5", "left_square_bracket", "alt+up"),
        "Previous chat",
        "Go to the chat before this one.",
    ),
    Action(
        "next_chat",
        ("f6", "right_square_bracket", "alt+down"),
        "Next chat",
        "Go to the chat behind this one.",
    ),
    Action("chat_1", ("1", "alt+1"), "Chat 1", "Go to my first chat."),
    Action("chat_2", ("2", "alt+2"), "Chat 2", "Go to my second chat."),
    Action("chat_3", ("3", "alt+3"), "Chat 3", "Go to my third chat."),
    Action("chat_4", ("4", "alt+4"), "Chat 4", "Go to my fourth chat."),
    Action("chat_5", ("5", "alt+5"), "Chat 5", "Go to my fifth chat."),
    Action("chat_6", ("6", "alt+6"), "Chat 6", "Go to my sixth chat."),
    Action("chat_7", ("7", "alt+7"), "Chat 7", "Go to my seventh chat."),
    Action("chat_8", ("8", "alt+8"), "Chat 8", "Go to my eighth chat."),
    Action("chat_9", ("9", "alt+9"), "Chat 9", "Go to my ninth chat."),
    Action(
        "status", ("s",), "Status", "Choose my status: online, break, on the phone, finishing mine, offline."
    ),
    Action("online", ("B",), "Go online", "Set my status to online: new chats may come."),
    Action(
        "phone",
        ("p", "alt+p"),
        "Phone",
        "A call begins: no new chats; or it ends, and the status before it comes back.",
    ),
    Action("drain", ("S",), "Finishing", "Take no new chats; show what must move, and help to hand it over."),
    Action("break", ("b",), "Break", "Set my status to break; colleagues see the reason."),
    Action(
        "offline",
        ("Z",),
        "Go offline",
        "Set my status to offline; with chats in hand it leads to finishing them first.",
    ),
    Action(
        "left_messages",
        ("l",),
        "Left messages",
        "Show the messages that visitors left while nobody could answer.",
    ),
    Action("team", ("W", "alt+w"), "Team", "Show who is where: statuses, links, loads, departments."),
    Action(
        "departments",
        ("ampersand",),
        "Departments",
        "Show and change the settings of the departments that I run (supervisors and administrators).",
    ),
    Action("messages", ("M", "alt+m"), "Messages", "Show what colleagues write to me and to my departments."),
    Action(
        "unread",
        ("U", "alt+u"),
        "Unread",
        "Go to the room with the newest unread message of a colleague.",
    ),
    Action(
        "quick_message",
        ("at",),
        "Message",
        "Write to a colleague or a department at once; what stands in the composer stays there.",
    ),
    Action(
        "whisper",
        ("comma",),
        "Whisper",
        "Whisper to the agent of the chat that I watch, or answer the newest whisper in mine; no visitor sees it.",
    ),
    Action("running", ("V", "alt+v"), "All chats", "Show all running chats that I may read."),
    Action(
        "observe",
        ("E", "alt+o"),
        "Observe",
        "Watch running chats silently, the riskiest first (supervisors and analysts).",
    ),
    Action("feedback", ("F",), "Feedback", "Show what was said about chats of mine, or by me about others'."),
    Action(
        "tickets", ("K", "alt+k"), "Tickets", "Show the tickets: what customers wrote by e-mail or left here."
    ),
    Action("go_ticket", ("number_sign",), "Ticket no.", "Open a ticket by its number."),
    Action(
        "mails",
        ("X",),
        "Mail",
        "Decide about mails to customers that are in trouble, and about mails in quarantine (supervisors).",
    ),
    Action(
        "hours",
        ("Y", "alt+y"),
        "Hours",
        "Show when my departments are open: a week as strips, by their clock and mine.",
    ),
    Action(
        "rules",
        ("semicolon", "alt+r"),
        "Rules",
        "Show, write and try the rules, and the webhooks they call: what happens by itself (supervisors, administrators).",
    ),
    Action("theme", ("T",), "Theme", "Choose another theme; it is kept."),
    Action(
        "test_alerts",
        ("A",),
        "Test alerts",
        "Send one of each alert, and tell the team that you noticed them.",
    ),
    Action("reconnect", ("R",), "Reconnect", "Try to reach the server now instead of waiting."),
    Action(
        "back",
        ("escape",),
        "Back",
        "Go back to the place before; from the queue, and from a chat of mine, it goes nowhere.",
        shown=True,
    ),
    Action("redraw", ("ctrl+l",), "Redraw", "Draw the whole screen afresh."),
    Action("palette", ("ctrl+p", "colon"), "Commands", "Find any action by its name.", shown=True),
    Action("logout", (), "Log out", "End the session here, forget the token, and leave."),
    Action(
        "quit",
        ("Q",),
        "Quit",
        "Leave the console; chats stay mine, drafts and unsent lines are kept.",
        shown=True,
    ),
    # together, anywhere: it acts on the chat in front, or on the one under the cursor of a list
    Action(
        "decline",
        ("D",),
        "Decline",
        "Say no to a chat that is offered to me, or to an invitation; a reason may be given.",
        shown=True,
    ),
    Action(
        "explain",
        ("w",),
        "Why",
        "Say why this chat went where it went, or why it waits, with the facts of that moment.",
    ),
    # the queue
    Action("take", ("enter", "space"), "Take", "Answer the chat under the cursor.", Where.queue, shown=True),
    Action("peek", ("v",), "View", "Read the chat under the cursor without taking it.", Where.queue),
    Action(
        "prioritise",
        ("P",),
        "Priority",
        "Change how soon this chat is answered (supervisors).",
        Where.queue,
    ),
    # a chat
    Action(
        "take_viewed",
        ("a",),
        "Answer",
        "Take this chat, which I only view, and answer it; accept what is offered.",
        Where.chat,
        shown=True,
    ),
    Action("compose", ("i", "enter"), "Write", "Go to the composer.", Where.chat),
    Action(
        "leave_composer",
        ("escape",),
        "Keys",
        "Leave the composer: letters are keys then. The draft stays.",
        Where.composer,
        shown=True,
    ),
    Action(
        "note_mode",
        ("f8", "m"),
        "Note",
        "Write a private note instead of an answer, or back.",
        Where.chat,
        shown=True,
    ),
    Action(
        "close",
        ("f9", "c"),
        "Close",
        "End the chat with an outcome; it can be undone while the visitor is there.",
        Where.chat,
        shown=True,
    ),
    Action(
        "transfer",
        ("h", "alt+h"),
        "Transfer",
        "Hand the chat over to an agent or a department; it stays mine until somebody takes it.",
        shown=True,
    ),
    Action(
        "cancel_transfer",
        ("H",),
        "Take back",
        "Take my offer of this chat back: it stays mine.",
        Where.chat,
        shown=True,
    ),
    Action("invite", ("I",), "Invite", "Ask a colleague to join this chat.", Where.chat),
    Action(
        "join",
        ("J",),
        "Join",
        "Join this chat openly: the visitor is told, its owner stays responsible.",
        Where.chat,
        shown=True,
    ),
    Action("part", ("L",), "Leave", "Leave a chat that I joined; its owner goes on.", Where.chat, shown=True),
    Action(
        "ask_help",
        ("exclamation_mark",),
        "Help call",
        "Call the department's supervisors to this chat, or say that the call is answered.",
        Where.chat,
    ),
    Action(
        "take_over",
        ("O",),
        "Take over",
        "Become the owner of a colleague's chat (supervisors).",
        Where.chat,
    ),
    Action("reopen", ("u",), "Reopen", "Undo the close of this chat while the visitor is there.", Where.chat),
    Action("release", ("z",), "Release", "Put the chat back into its queue; it keeps its place.", Where.chat),
    Action(
        "customer",
        ("f7", "d"),
        "Customer",
        "Show or hide the customer's details: address, earlier chats, notes.",
        Where.chat,
        shown=True,
    ),
    Action("customer_note", ("N",), "Customer note", "Add a note to the customer's card.", Where.chat),
    Action(
        "canned",
        ("ctrl+r", "slash"),
        "Replies",
        "Choose a canned reply; in the composer '/' and the first letters complete it.",
        Where.chat,
        shown=True,
    ),
    Action(
        "save_canned", (), "Save reply", "Keep what stands in the composer as a canned reply.", Where.chat
    ),
    Action("search", ("ctrl+f", "f"), "Search", "Search in this transcript.", Where.chat),
    Action(
        "search_next",
        ("ctrl+g", "greater_than_sign"),
        "Next hit",
        "Go to the next hit of the search.",
        Where.chat,
    ),
    Action("search_previous", ("less_than_sign",), "Previous hit", "Go to the hit before.", Where.chat),
    Action("older", ("o",), "Older", "Fetch older lines of this chat.", Where.chat),
    Action("scroll_up", ("pageup", "k"), "Page up", "Scroll the transcript back.", Where.chat),
    Action("scroll_down", ("pagedown", "j"), "Page down", "Scroll the transcript on.", Where.chat),
    Action("newest", ("end", "G"), "Newest", "Go to the newest line.", Where.chat),
    Action(
        "copy",
        ("y",),
        "Copy",
        "Copy the newest line of the visitor, or the selection, to the clipboard.",
        Where.chat,
    ),
    Action("retry", ("r",), "Send again", "Send my refused line again.", Where.chat),
    Action("edit_failed", ("e",), "Edit refused", "Take my refused line back into the composer.", Where.chat),
    Action(
        "shut",
        ("x",),
        "Put away",
        "Put away a chat that is over, or that I only view; of mine, end the wrap-up.",
        Where.chat,
    ),
    Action("line_up", ("up", "minus"), "Line up", "Put the cursor on the line before.", Where.chat),
    Action("line_down", ("down", "underscore"), "Line down", "Put the cursor on the next line.", Where.chat),
    Action(
        "give_feedback",
        ("plus",),
        "Feedback",
        "Tell the agent what was good or could be better: about the line under the cursor, or the whole chat.",
        Where.chat,
    ),
    Action(
        "acknowledge",
        ("equals_sign",),
        "Acknowledge",
        "Say that I have read the feedback on this chat.",
        Where.chat,
        shown=True,
    ),
    Action(
        "convert_chat",
        ("C",),
        "To ticket",
        "Make a ticket of this chat, to be answered by e-mail; its lines come along.",
        Where.chat,
    ),
    # the composer
    Action(
        "send",
        ("enter",),
        "Send",
        "Send what stands in the composer to the one named at the prompt.",
        Where.composer,
        shown=True,
    ),
    Action(
        "newline", ("ctrl+j", "alt+enter", "shift+enter"), "New line", "Begin a new line.", Where.composer
    ),
    Action(
        "complete",
        ("tab",),
        "Complete",
        "Complete the canned reply, or go to its next field.",
        Where.composer,
    ),
    Action(
        "history_back",
        ("up",),
        "Earlier text",
        "In the first row: take an earlier text of mine.",
        Where.composer,
    ),
    Action(
        "history_on",
        ("down",),
        "Later text",
        "In the last row: come back to a later text of mine.",
        Where.composer,
    ),
    Action("editor", ("alt+e",), "Editor", "Edit the text in $EDITOR.", Where.composer),
    # the team
    Action(
        "change_member",
        ("enter", "space"),
        "Change",
        "Change status, limits, priorities, languages or skills of the one under the cursor (supervisors).",
        Where.team,
        shown=True,
    ),
    Action(
        "write_member", ("m",), "Write", "Write to the colleague under the cursor.", Where.team, shown=True
    ),
    Action("team_department", ("f",), "Department", "Show one department, or all.", Where.team, shown=True),
    # the departments
    Action(
        "change_setting",
        ("enter", "space"),
        "Change",
        "Change the setting under the cursor; what is refused is kept for the next try.",
        Where.departments,
        shown=True,
    ),
    Action(
        "next_department",
        ("right", "greater_than_sign"),
        "Next department",
        "Show the next department.",
        Where.departments,
    ),
    Action(
        "previous_department",
        ("left", "less_than_sign"),
        "Department before",
        "Show the department before.",
        Where.departments,
    ),
    Action(
        "choose_department",
        ("f",),
        "Department",
        "Choose a department by its name.",
        Where.departments,
        shown=True,
    ),
    Action("add_department", ("plus",), "Add", "Add a department.", Where.departments, shown=True),
    Action(
        "department_members",
        ("m",),
        "Members",
        "Show who is where in this department; priorities and limits are changed there.",
        Where.departments,
        shown=True,
    ),
    Action(
        "add_everybody",
        ("a",),
        "Add everybody",
        "Make everybody who answers chats anywhere an agent of this department too.",
        Where.departments,
    ),
    Action(
        "add_days",
        ("u",),
        "Closed days",
        "Add the days of a calendar file (.ics) to those on which the department is closed.",
        Where.departments,
    ),
    Action("refresh_departments", ("r",), "Read again", "Read the settings anew.", Where.departments),
    # observe
    Action(
        "tile_open",
        ("enter", "o"),
        "Large",
        "Show the chat under the cursor in full, still silently.",
        Where.observe,
        shown=True,
    ),
    Action("tile_next", ("right", "down", "j"), "Next", "Go to the next tile.", Where.observe, shown=True),
    Action("tile_previous", ("left", "up", "k"), "Previous", "Go to the tile before.", Where.observe),
    Action(
        "tile_page",
        ("pagedown", "greater_than_sign"),
        "Next page",
        "Show the next tiles.",
        Where.observe,
        shown=True,
    ),
    Action(
        "tile_page_back",
        ("pageup", "less_than_sign"),
        "Previous page",
        "Show the tiles before.",
        Where.observe,
    ),
    Action(
        "tile_join",
        ("J",),
        "Join",
        "Join the chat under the cursor openly: the visitor is told, its owner stays responsible.",
        Where.observe,
        shown=True,
    ),
    Action(
        "tile_take_over", ("O",), "Take over", "Become the owner of the chat under the cursor.", Where.observe
    ),
    Action(
        "tile_feedback",
        ("plus",),
        "Feedback",
        "Tell the agent of the chat under the cursor what was good or could be better.",
        Where.observe,
    ),
    # all running chats
    Action(
        "open_running",
        ("enter", "v"),
        "Open",
        "Read the chat under the cursor; who would be seen watching is asked before.",
        Where.running,
        shown=True,
    ),
    Action(
        "filter_department", ("f",), "Department", "List one department, or all.", Where.running, shown=True
    ),
    Action(
        "filter_agent", ("a",), "Agent", "List the chats of one agent, or of all.", Where.running, shown=True
    ),
    Action(
        "filter_state", ("c",), "State", "List the chats in one state, or in all.", Where.running, shown=True
    ),
    Action("filter_none", ("x",), "All", "List all chats again.", Where.running, shown=True),
    # messages
    Action(
        "write_message",
        ("enter", "i"),
        "Write",
        "Go to the composer of the room.",
        Where.messages,
        shown=True,
    ),
    Action(
        "new_message",
        ("plus",),
        "New",
        "Write to a colleague or a department, by name.",
        Where.messages,
        shown=True,
    ),
    Action(
        "to_chat",
        ("v",),
        "To chat",
        "Go to the chat that a message here is about.",
        Where.messages,
        shown=True,
    ),
    Action("older_messages", ("o",), "Older", "Fetch what was said before.", Where.messages),
    Action(
        "messages_up", ("pageup", "less_than_sign"), "Page up", "Scroll the messages back.", Where.messages
    ),
    Action(
        "messages_down",
        ("pagedown", "greater_than_sign"),
        "Page down",
        "Scroll the messages on.",
        Where.messages,
    ),
    Action(
        "retry_message", ("r",), "Send again", "Send my refused message again.", Where.messages, shown=True
    ),
    Action(
        "edit_message",
        ("e",),
        "Edit refused",
        "Take my refused message back into the composer.",
        Where.messages,
        shown=True,
    ),
    # feedback
    Action(
        "acknowledge_listed",
        ("enter", "equals_sign"),
        "Acknowledge",
        "Say that I have read this feedback.",
        Where.feedback,
        shown=True,
    ),
    Action(
        "feedback_chat", ("v",), "To chat", "Go to the chat that it is about.", Where.feedback, shown=True
    ),
    # left messages
    Action(
        "open_left",
        ("enter", "v"),
        "Ticket",
        "Open the ticket that the message became.",
        Where.left,
        shown=True,
    ),
    Action(
        "handled",
        ("space", "d"),
        "Handled",
        "Mark the message as handled by me, or as open again.",
        Where.left,
        shown=True,
    ),
    *TICKET_ACTIONS,
)
