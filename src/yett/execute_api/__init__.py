"""FRONT DOOR: calls to deployed APIs. The line is in `rest.py`; every step is a module of its own; judgements are in
the rules.
"""
