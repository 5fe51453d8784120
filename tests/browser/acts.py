"""What a visitor does on the page, in the words of a visitor."""

from playwright.sync_api import FrameLocator, Locator, Page, expect

Place = Page | FrameLocator

AT_REST = """async (frame) => {
  await Promise.allSettled(frame.getAnimations().map(({ finished }) => finished));
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
}"""


def start(place: Place, text: str, **fields: str) -> None:
    """Fill the form and begin the chat."""
    for name, value in fields.items():
        place.locator(f"#{name}").fill(value)
    message = place.get_by_label("Your message")
    for _ in range(5):  # the browser gives its cursor to a frame when it likes, and types where that is
        message.fill(text)
        if message.input_value() == text:
            break
    press(place, "Start chat")
    expect(bubble(place, text)).to_be_visible()


def press(place: Place, name: str, *, touch: bool = False) -> None:
    """Click or tap a button; in a launcher's window that is only coming in, that would fall through to the page."""
    if isinstance(place, FrameLocator):
        place.owner.evaluate(AT_REST)
    button = place.get_by_role("button", name=name)
    if touch:
        button.tap()
    else:
        button.click()


def write(place: Place, text: str) -> None:
    """Send a line with the keyboard."""
    composer = place.get_by_label("Write a message")
    composer.fill(text)
    composer.press("Enter")


def bubble(place: Place, text: str) -> Locator:
    """The lines of the conversation with exactly this text."""
    return place.get_by_role("log").locator(".text").get_by_text(text, exact=True)


def lines(place: Place) -> list[str]:
    """All lines of the conversation, as they stand on the page."""
    return place.get_by_role("log").locator(".text").all_text_contents()
