"""The measurements of `./dev bench`: the product against its floors, in rounds taken in turn."""
