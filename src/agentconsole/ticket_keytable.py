"""The table of actions, its part for after hours: tickets, mails and rules."""

from __future__ import annotations

from agentconsole.where import Action, Where

TICKET_ACTIONS: tuple[Action, ...] = (
    # tickets, in the list or open
    Action("take_ticket", ("a",), "Take", "Become the assignee of this ticket.", Where.ticketing, shown=True),
    Action(
        "next_ticket",
        ("N",),
        "Next ticket",
        "Take the unassigned ticket that is nearest to its breach, and open it.",
        Where.ticketing,
        shown=True,
    ),
    Action(
        "ticket_status",
        ("c",),
        "Status",
        "Set where the ticket stands: waiting, solved, open, on hold until a date, closed.",
        Where.ticketing,
        shown=True,
    ),
    Action(
        "assign_ticket",
        ("o",),
        "Assign",
        "Give the ticket to a colleague, or to nobody.",
        Where.ticketing,
        shown=True,
    ),
    Action("ticket_priority", ("P",), "Priority", "Set how much the ticket presses.", Where.ticketing),
    Action("ticket_tags", ("plus",), "Tags", "Write the ticket's tags.", Where.ticketing),
    Action(
        "change_ticket",
        ("e",),
        "Change",
        "Change subject or department, merge, split, or begin a ticket that follows.",
        Where.ticketing,
        shown=True,
    ),
    Action(
        "new_ticket",
        ("quotation_mark",),
        "New ticket",
        "Write a ticket down for a customer, after a call say.",
        Where.ticketing,
    ),
    # the list of tickets
    Action(
        "open_ticket",
        ("enter", "space"),
        "Open",
        "Read and answer the ticket under the cursor.",
        Where.tickets,
        shown=True,
    ),
    Action(
        "next_filter",
        ("right", "greater_than_sign"),
        "Next filter",
        "Show the next filter's tickets.",
        Where.tickets,
    ),
    Action(
        "previous_filter",
        ("left", "less_than_sign"),
        "Previous filter",
        "Show the tickets of the filter before.",
        Where.tickets,
    ),
    Action(
        "filter_tickets",
        ("f",),
        "Filter",
        "Choose a filter by name: mine, unassigned, overdue, a status, a department, saved ones.",
        Where.tickets,
        shown=True,
    ),
    Action(
        "search_tickets",
        ("slash",),
        "Search",
        "Find tickets by number, subject, name, address or tag.",
        Where.tickets,
        shown=True,
    ),
    Action("all_tickets", ("x",), "All open", "Show all open tickets again.", Where.tickets),
    Action("sort_tickets", ("z",), "Order", "Nearest to breach, newest or oldest first.", Where.tickets),
    Action(
        "save_filter",
        ("equals_sign",),
        "Save filter",
        "Keep the filter and the search in use under a name: for me, or for a department.",
        Where.tickets,
    ),
    Action("delete_filter", (), "Delete filter", "Delete the saved filter in use.", Where.tickets),
    Action("refresh_tickets", ("r",), "Read again", "Read the list anew.", Where.tickets),
    # an open ticket
    Action(
        "write_answer",
        ("i", "enter"),
        "Write",
        "Go to the composer; Enter there begins a new line.",
        Where.ticket,
        shown=True,
    ),
    Action(
        "send_ticket",
        ("f9", "y"),
        "Send",
        "Send the answer to the one named at the prompt, and choose what becomes of the ticket.",
        Where.ticket,
        shown=True,
    ),
    Action(
        "ticket_note",
        ("f8", "m"),
        "Note",
        "Write a private note instead of an answer, or back.",
        Where.ticket,
        shown=True,
    ),
    Action(
        "ticket_facts",
        ("f7", "d"),
        "Facts",
        "Show or hide the facts: clocks, the customer's other tickets and chats.",
        Where.ticket,
    ),
    Action(
        "ticket_replies",
        ("ctrl+r", "slash"),
        "Replies",
        "Choose a canned answer; in the composer '/' and the first letters complete it.",
        Where.ticket,
        shown=True,
    ),
    Action("attach", ("u",), "Attach", "Send a file of this machine along.", Where.ticket),
    Action(
        "ticket_files", ("f",), "Files", "Save a file of this ticket; nothing is opened or run.", Where.ticket
    ),
    Action(
        "whole_mail",
        ("v",),
        "Whole mail",
        "Show all of the mail under the cursor, or of the newest one, quotes and headers too.",
        Where.ticket,
    ),
    Action(
        "ticket_history",
        ("H",),
        "History",
        "Show every change of the ticket, or only the newest of each run.",
        Where.ticket,
    ),
    Action(
        "next_in_list",
        ("greater_than_sign", "right"),
        "Next",
        "Open the next ticket of the list.",
        Where.ticket,
    ),
    Action(
        "previous_in_list",
        ("less_than_sign", "left"),
        "Previous",
        "Open the ticket before it in the list.",
        Where.ticket,
    ),
    Action("ticket_up", ("pageup", "k"), "Page up", "Scroll back.", Where.ticket),
    Action("ticket_down", ("pagedown", "j"), "Page down", "Scroll on.", Where.ticket),
    Action(
        "ticket_line_up", ("up", "minus"), "Line up", "Put the cursor on the message before.", Where.ticket
    ),
    Action(
        "ticket_line_down",
        ("down", "underscore"),
        "Line down",
        "Put the cursor on the next message.",
        Where.ticket,
    ),
    Action("ticket_end", ("end", "G"), "Newest", "Go to the newest message.", Where.ticket),
    Action(
        "ticket_back", ("escape", "x"), "List", "Back to the list; the draft stays.", Where.ticket, shown=True
    ),
    # mails
    Action(
        "settle_mail",
        ("enter", "space"),
        "Decide",
        "Send a mail again, say that it was sent, or withdraw it; release one from quarantine.",
        Where.mails,
        shown=True,
    ),
    Action(
        "discard_mail",
        ("d", "delete"),
        "Discard",
        "Throw away a mail in quarantine, or one that was ignored, for good.",
        Where.mails,
        shown=True,
    ),
    Action("ticket_of_mail", ("v",), "To ticket", "Open the ticket of this mail.", Where.mails, shown=True),
    Action("refresh_mails", ("r",), "Read again", "Read the lists anew.", Where.mails, shown=True),
)
