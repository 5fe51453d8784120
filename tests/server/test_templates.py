"""Templates of mails over REST: set, seen before anything is sent, removed."""

from tests.running import Running
from tests.server.test_departments import ask


def test_a_template_is_tried_set_and_removed(server: Running) -> None:
    lead = server.add_user("supervisor", department=(slug := server.add_department()))
    given = {
        "cid": "template-1",
        "department": server.department_id(slug),
        "subject": "Late",
        "text": "Late?",
    }
    ticket = ask(server, lead, "POST", "/api/tickets", {**given, "email": "v@x.example"})[1]
    ticket = ask(server, lead, "GET", "/api/tickets")[1]["tickets"][0]["ticket"]
    words = {"subject": "Re: {ticket.subject}", "text": "Dear {customer.name},\n{answer}\n{ticket.number}"}
    template = {"kind": "answer", "department": slug, **words}
    trial = {"template": template, "ticket": ticket, "answer": "Soon {agent.name}."}
    status, tried = ask(server, lead, "POST", "/api/templates/try", trial)
    assert (status, tried["subject"]) == (200, "Re: Late")
    assert tried["text"] == f"Dear ,\nSoon {{agent.name}}.\n{ticket}"
    assert tried["missing"] == ["customer.name"]
    assert ask(server, lead, "PUT", "/api/templates", template)[1]["changed"]
    assert ask(server, lead, "GET", "/api/templates")[1] == [template]
    for wrong in ("Dear {customer.nme}, {answer}", "no field at all"):
        status, refusal = ask(server, lead, "PUT", "/api/templates", {**template, "text": wrong})
        assert (status, refusal["code"]) == (400, "invalid")
    stranger = server.add_user("agent", department=server.add_department())
    assert ask(server, stranger, "PUT", "/api/templates", template)[0] == 404
    assert ask(server, stranger, "POST", "/api/templates/try", trial)[0] == 404
    assert ask(server, lead, "PUT", "/api/templates", {**template, "text": ""})[1]["changed"]
    assert ask(server, lead, "GET", "/api/templates")[1] == []
