"""Which department a visitor is led to, by topic or by page, whatever the address looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.department import Department
from agentconsole.backend.domain.leading import fits, lead

SALES = Department(1, "sales", "Sales", topics=("Prices", "Orders"), pages=("/shop*", "shop.example/*"))
BILLING = Department(2, "billing", "Billing", topics=("Invoices", "Orders"), pages=("/shop/bill*",))
HELP = Department(3, "help", "Help", pages=("*/help", "/shop/bill*"))
EVERY = (SALES, BILLING, HELP)


@pytest.mark.parametrize(
    "pattern, page, expected",
    [
        ("/pricing*", "https://x.example/pricing", True),
        ("/pricing*", "https://x.example/pricing/teams?a=1#b", True),
        ("/pricing*", "https://x.example/about/pricing", False),
        ("/pricing", "https://x.example/pricing/", False),
        ("/pricing", "https://x.example/?to=/pricing", False),
        ("/pricing", "https://x.example/#/pricing", False),
        ("/PRICING", "HTTPS://X.Example/pricing", True),
        (" /pricing ", "  https://x.example/pricing\n", True),
        ("shop.example/*", "https://shop.example/", True),
        ("shop.example/*", "https://shop.example", True),
        ("SHOP.example/*", "http://SHOP.EXAMPLE/a", True),
        ("shop.example/*", "https://www.shop.example/", False),
        ("*shop.example/*", "https://www.shop.example/", True),
        ("shop.example/*", "https://other.example/shop.example/", False),
        ("shop.example/*", "https://shop.example@other.example/", False),
        ("shop.example/*", "https://a:b@shop.example/", True),
        ("shop.example/*", "https://shop.example?x", True),
        ("shop.example/*", "https://shop.example:8443/x", True),
        ("shop.example:8443/*", "https://shop.example:8443/x", True),
        ("shop.example:8443/*", "https://shop.example/x", False),
        ("/a[1]", "https://x.example/a[1]", True),
        ("/a[1]", "https://x.example/a1", False),
        ("/a?", "https://x.example/ab", False),
        ("/café*", "https://x.example/caf%C3%A9/menu", True),
        ("/caf%c3%a9*", "https://x.example/café", True),
        ("/", "https://x.example", True),
        ("[::1]/*", "http://[::1]:8000/", True),
        ("*", "https://x.example/anything", True),
        ("", "https://x.example/", False),
        ("*", "", False),
        ("*", "about:blank", False),
        ("/x*", "/x", False),
        ("*", "javascript:alert(1)", False),
        ("*", "http://[broken", True),
    ],
)
def test_a_page_fits_a_pattern(pattern: str, page: str, expected: bool) -> None:
    assert fits(pattern, page) is expected


@pytest.mark.parametrize(
    "topic, page, expected",
    [
        ("Invoices", "", 2),
        ("Invoices", "https://shop.example/help", 2),
        ("Orders", "", 1),
        ("unheard of", "", 0),
        ("unheard of", "https://x.example/shop", 1),
        ("", "", 0),
        ("", "https://x.example/shop/basket", 1),
        ("", "https://x.example/shop/bills", 2),
        ("", "https://shop.example/shop/bills", 1),
        ("", "https://x.example/help", 3),
        ("", "https://x.example/nowhere", 0),
    ],
)
def test_a_topic_leads_then_the_longest_pattern_then_the_older_department(
    topic: str, page: str, expected: int
) -> None:
    assert lead(EVERY, topic, page) == expected


def test_an_archived_department_leads_nowhere_and_the_only_one_everywhere() -> None:
    gone = Department(4, "old", "Old", topics=("Prices",), pages=("/shop/bills",), archived=True)
    assert lead((gone, *EVERY), "Prices", "https://x.example/shop/bills") == 1
    assert lead((*EVERY, gone), "", "https://x.example/shop/bills") == 2
    assert lead((gone, BILLING), "", "") == 2
    assert lead((gone,), "Prices", "") == 0
    assert lead((), "Prices", "https://x.example/") == 0


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_address_and_no_pattern_breaks_it(page: str, pattern: str) -> None:
    for address in (page, f"https://{page}", f"https://x.example/{page}"):
        assert fits(pattern, address) in (True, False)
        assert lead((SALES, BILLING), page, address) in (0, 1, 2)


@given(st.text(st.characters(exclude_characters="*%", exclude_categories=["Cc", "Cs", "Z"]), max_size=20))
def test_what_is_no_star_stands_for_itself(path: str) -> None:
    path = path.replace("#", "").replace("?", "")
    assert fits(f"/{path}", f"https://x.example/{path}")
    assert not fits(f"/{path}x", f"https://x.example/{path}")


def test_many_stars_cost_nothing() -> None:
    assert not fits("/" + "*a" * 120, "https://x.example/" + "a" * 2_000 + "b")
