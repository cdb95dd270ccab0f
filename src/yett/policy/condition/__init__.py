"""Condition operators: a module per family, the table of them all, the whole Condition element. No other element."""
