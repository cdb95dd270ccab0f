"""The nouns everyone speaks: frozen, with no behaviour beyond parse and render. No rule, no I/O."""
