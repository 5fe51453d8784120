"""E-mail: letters that come in, and answers that go out."""
